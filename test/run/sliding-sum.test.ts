import { describe, expect, it } from 'vitest';
import { SlidingSum } from '../../src/run/sliding-sum.js';

describe('sliding sum', () => {
  it('knows what came within the window', () => {
    const sum = new SlidingSum(600);
    expect(sum.read(0)).toEqual({ sum: 0, count: 0 });
    sum.add(0, 5, 1);
    sum.add(300, 7, 1);
    sum.add(300, 1, 0);
    expect(sum.read(599)).toEqual({ sum: 13, count: 2 });
    expect(sum.read(600)).toEqual({ sum: 8, count: 1 });
    expect(sum.read(900)).toEqual({ sum: 0, count: 0 });
  });

  it('forgets everything in a long pause, whatever time it is', () => {
    const sum = new SlidingSum(600);
    for (const start of [1_700_000_000_000, 1_700_000_500_000]) {
      for (let n = 0; n < 60; n++) sum.add(start + n * 10, 1, 1);
      expect(sum.read(start + 599)).toEqual({ sum: 60, count: 60 });
    }
  });

  it('takes a clock that was put back for one that stands', () => {
    const sum = new SlidingSum(600);
    sum.add(1000, 1, 1);
    sum.add(200, 1, 1);
    expect(sum.read(100)).toEqual({ sum: 2, count: 2 });
    expect(sum.read(1599)).toEqual({ sum: 2, count: 2 });
    expect(sum.read(1600)).toEqual({ sum: 0, count: 0 });
  });
});
