/** How often a measured value fell where. */
export interface Distribution {
  /** How many values. */
  readonly count: number;
  readonly sum: number;
  /** The largest one; 0 where there is none. */
  readonly max: number;
  /** Upper bounds, each with how many values were at most that. The last bound is `Infinity`. */
  readonly buckets: readonly { readonly atMost: number; readonly count: number }[];
}

/** From a millisecond to a minute: what a person notices, and what an alert is about. */
const bounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, Infinity] as const;

/** Counts milliseconds by size: the same few numbers, however many values. */
export class Histogram {
  private readonly counts = bounds.map(() => 0);
  private sum = 0;
  private max = 0;

  /** Takes a value in. */
  add(value: number): void {
    this.counts[bounds.findIndex((bound) => value <= bound)]!++;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  /** What was taken in so far. */
  read(): Distribution {
    let count = 0;
    const buckets = bounds.map((atMost, index) => ({ atMost, count: (count += this.counts[index]!) }));
    return { count, sum: this.sum, max: this.max, buckets };
  }
}

/**
 * A value that a share of all values do not exceed, as far as the bounds tell: 0.99 for the 99th percentile.
 *
 * @returns 0 where there are no values
 */
export function quantile({ count, max, buckets }: Distribution, share: number): number {
  const bucket = buckets.find((one) => one.count >= count * share);
  return Math.min(bucket?.atMost ?? max, max);
}
