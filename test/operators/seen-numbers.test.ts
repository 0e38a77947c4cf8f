import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeenNumbers } from '../../operators/seen-numbers.js';

describe('seen numbers', () => {
  it('knows a number the second time', () => {
    const seen = new SeenNumbers(4);
    expect([0, 0, 2, 1, 1, 2, 3].map((seq) => seen.add(seq))).toEqual([true, false, true, true, false, false, true]);
  });

  it('takes what is older than its window for seen', () => {
    const seen = new SeenNumbers(4);
    seen.add(10);
    expect([6, 7].map((seq) => seen.add(seq))).toEqual([false, true]);
  });

  it('forgets the bits of a round before when numbers are skipped', () => {
    const seen = new SeenNumbers(32);
    for (let seq = 0; seq < 32; seq++) seen.add(seq);
    seen.add(40);
    expect([39, 32].map((seq) => seen.add(seq))).toEqual([true, true]);
  });

  it('forgets everything when more numbers are skipped than it remembers', () => {
    const seen = new SeenNumbers(32);
    for (let seq = 0; seq < 32; seq++) seen.add(seq);
    seen.add(63);
    expect([62, 32].map((seq) => seen.add(seq))).toEqual([true, true]);
  });

  it('agrees with a set, for any window and numbers of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 130 }),
        fc.constantFrom(0, 2 ** 31 - 50, 2 ** 32 - 50, 2 ** 53 - 500),
        fc.array(fc.nat({ max: 400 }), { maxLength: 200 }),
        (window, base, numbers) => {
          const seen = new SeenNumbers(window);
          const set = new Set<number>();
          let highest = -1;
          for (const n of numbers) {
            const seq = base + n;
            const isNew = !set.has(seq) && seq > highest - window;
            expect(seen.add(seq)).toBe(isNew);
            set.add(seq);
            highest = Math.max(highest, seq);
          }
        },
      ),
    );
  });
});
