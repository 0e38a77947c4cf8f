import { describe, expect, it } from 'vitest';
import { GivenUp } from '../../operators/given-up.js';

describe('what was given up', () => {
  it('is known by its numbers', () => {
    const givenUp = new GivenUp();
    givenUp.add({ from: 2, to: 4 });
    givenUp.add({ from: 7, to: 8 });
    expect([1, 2, 3, 4, 6, 7, 8].filter((seq) => givenUp.has(seq))).toEqual([2, 3, 7]);
  });

  it('is forgotten, the oldest first, when it is more than 64 ranges', () => {
    const givenUp = new GivenUp();
    for (let n = 0; n < 66; n++) givenUp.add({ from: 2 * n, to: 2 * n + 1 });
    expect([0, 2, 4, 130].map((seq) => givenUp.has(seq))).toEqual([false, false, true, true]);
  });

  it('is forgotten at the end', () => {
    const givenUp = new GivenUp();
    givenUp.add({ from: 2, to: 4 });
    givenUp.clear();
    expect(givenUp.has(2)).toBe(false);
  });
});
