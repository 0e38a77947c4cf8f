import { describe, expect, it } from 'vitest';
import { SeenKeys } from '../../operators/seen-keys.js';

const noClock = (): number => {
  throw new Error('the clock was read');
};

describe('seen keys', () => {
  it('forgets the oldest key first, however often it was seen', () => {
    const seen = new SeenKeys(2, Infinity, noClock);
    expect([...'abaaca'].map((key) => seen.add(key))).toEqual([true, true, false, false, true, true]);
  });

  it('forgets keys that are too old', () => {
    let now = 0;
    const seen = new SeenKeys(8, 10, () => now);
    seen.add('a');
    now = 5;
    seen.add('b');
    now = 9;
    expect([seen.add('a'), seen.add('b')]).toEqual([false, false]);
    now = 10;
    expect([seen.add('a'), seen.add('b')]).toEqual([true, false]);
  });

  it('compares keys as a set does', () => {
    const seen = new SeenKeys(8, Infinity, noClock);
    expect([NaN, NaN, 0, -0, undefined, undefined, null].map((key) => seen.add(key))).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('forgets all on clear', () => {
    const seen = new SeenKeys(1, Infinity, noClock);
    seen.add('a');
    seen.clear();
    expect([seen.add('a'), seen.add('a')]).toEqual([true, false]);
  });
});
