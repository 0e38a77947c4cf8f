import { describe, expect, it } from 'vitest';
import { Histogram, quantile } from '../../src/streams/histogram.js';

describe('Histogram', () => {
  it('counts values by size, and knows their sum and the largest', () => {
    const histogram = new Histogram();
    for (const value of [0, 1, 1.5, 700, 10 ** 9]) histogram.add(value);
    const { count, sum, max, buckets } = histogram.read();
    expect({ count, sum, max }).toEqual({ count: 5, sum: 10 ** 9 + 702.5, max: 10 ** 9 });
    const counts = new Map(buckets.map((one) => [one.atMost, one.count]));
    expect([1, 2, 500, 1000, 60_000, Infinity].map((bound) => counts.get(bound))).toEqual([2, 3, 3, 4, 4, 5]);
  });

  it('is empty before the first value', () => {
    expect(new Histogram().read()).toMatchObject({ count: 0, sum: 0, max: 0 });
  });
});

describe('quantile', () => {
  it('is a bound that a share of the values do not exceed', () => {
    const histogram = new Histogram();
    expect(quantile(histogram.read(), 0.99)).toBe(0);
    for (let i = 0; i < 99; i++) histogram.add(3);
    histogram.add(80);
    const read = histogram.read();
    expect([0.5, 0.99, 1].map((share) => quantile(read, share))).toEqual([5, 5, 80]);
  });

  it('is no more than the largest value', () => {
    const histogram = new Histogram();
    histogram.add(90_000);
    histogram.add(12);
    expect([2, 1, 0.5].map((share) => quantile(histogram.read(), share))).toEqual([90_000, 90_000, 20]);
  });
});
