import { describe, expect, it } from 'vitest';
import { SequenceWindow } from '../../operators/sequence-window.js';

describe('sequence window', () => {
  it('finds items by number', () => {
    const window = new SequenceWindow<string>(4);
    expect(window.has(6)).toBe(false);
    window.put(6, 'six', 3);
    window.put(4, 'four', 4);
    expect([window.has(4), window.has(5), window.has(6)]).toEqual([true, false, true]);
    expect([window.count, window.bytes, window.first(3)]).toEqual([2, 7, 4]);
    expect([window.take(4), window.has(4)]).toEqual(['four', false]);
    expect([window.count, window.bytes, window.first(3)]).toEqual([1, 3, 6]);
    window.take(6);
    expect([window.count, window.bytes, window.first(3)]).toEqual([0, 0, Infinity]);
  });

  it('uses the same slots again as numbers rise, beyond 32 bits too', () => {
    const window = new SequenceWindow<number>(3);
    for (const base of [0, 3, 2 ** 31 - 1, 2 ** 32 - 2, 2 ** 53 - 4]) {
      for (let n = 2; n >= 0; n--) window.put(base + n, base + n, 1);
      expect(window.first(base)).toBe(base);
      expect([0, 1, 2].map((n) => window.take(base + n))).toEqual([base, base + 1, base + 2]);
    }
  });

  it('holds one where it is to hold one', () => {
    const window = new SequenceWindow<string>(1);
    window.put(7, 'a', 0);
    expect(window.take(7)).toBe('a');
  });

  it('lets go of all on clear', () => {
    const window = new SequenceWindow<string>(4);
    window.put(1, 'a', 1);
    window.clear();
    expect([window.count, window.bytes, window.has(1)]).toEqual([0, 0, false]);
  });

  it('holds any value, undefined too', () => {
    const window = new SequenceWindow<undefined>(4);
    window.put(2, undefined, 0);
    expect([window.has(2), window.first(0), window.take(2), window.has(2)]).toEqual([true, 2, undefined, false]);
  });
});
