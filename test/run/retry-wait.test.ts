import { describe, expect, it } from 'vitest';
import { retryWait } from '../../src/run/retry-wait.js';

describe('retryWait', () => {
  it('doubles up to its bound, and is at least half of that', () => {
    const waits = (random: () => number) => [1, 2, 3, 4].map((failures) => retryWait(failures, 100, 300, random));
    expect(waits(() => 0)).toEqual([50, 100, 150, 150]);
    expect(waits(() => 0.5)).toEqual([75, 150, 225, 225]);
  });
});
