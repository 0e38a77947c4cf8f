import { describe, expect, it } from 'vitest';
import { SequenceWindow } from '../../operators/sequence-window.js';

describe('sequence window', () => {
  it('finds items by number', () => {
    const window = new SequenceWindow<string>(4);
    expect(window.has(6)).toBe(false);
    window.put(6, 'six');
    window.put(4, 'four');
    expect([window.has(4), window.has(5), window.has(6)]).toEqual([true, false, true]);
    expect([window.count, window.first(3)]).toEqual([2, 4]);
    expect([window.take(4), window.take(4), window.take(5)]).toEqual(['four', undefined, undefined]);
    expect([window.count, window.first(3)]).toEqual([1, 6]);
    window.take(6);
    expect([window.count, window.first(3)]).toEqual([0, Infinity]);
  });

  it('uses the same slots again as numbers rise, beyond 32 bits too', () => {
    const window = new SequenceWindow<number>(3);
    for (const base of [0, 3, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 53 - 4]) {
      for (let n = 2; n >= 0; n--) window.put(base + n, base + n);
      expect(window.first(base)).toBe(base);
      expect([0, 1, 2].map((n) => window.take(base + n))).toEqual([base, base + 1, base + 2]);
    }
  });

  it('holds one where it is to hold one', () => {
    const window = new SequenceWindow<string>(1);
    window.put(7, 'a');
    expect(window.take(7)).toBe('a');
  });

  it('lets go of all on clear', () => {
    const window = new SequenceWindow<string>(4);
    window.put(1, 'a');
    window.clear();
    expect([window.count, window.has(1)]).toEqual([0, false]);
  });
});
