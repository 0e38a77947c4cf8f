const buckets = 60;

/**
 * Sums of what came within the last while, in sixty pieces of time: a sample leaves between one sixtieth of the while before and
 * the end of it. The same few numbers, however many samples.
 *
 * @internal
 */
export class SlidingSum {
  private readonly sums = new Float64Array(buckets);
  private readonly counts = new Float64Array(buckets);
  private readonly pieceMs: number;
  private newest = -Infinity;

  constructor(windowMs: number) {
    this.pieceMs = windowMs / buckets;
  }

  /** Takes a sample in; `count` is 0 for one that only adds to the sum. */
  add(now: number, value: number, count: number): void {
    const slot = this.turn(now);
    this.sums[slot]! += value;
    this.counts[slot]! += count;
  }

  /** What is in the window now. */
  read(now: number): { readonly sum: number; readonly count: number } {
    this.turn(now);
    return { sum: this.sums.reduce(add, 0), count: this.counts.reduce(add, 0) };
  }

  /** Forgets what is over. Answers the slot of now; a clock that was put back stays in the newest. */
  private turn(now: number): number {
    const piece = Math.max(this.newest, Math.floor(now / this.pieceMs));
    const from = Math.max(this.newest + 1, piece - buckets + 1);
    for (let old = from; old <= piece; old++) {
      this.sums[old % buckets] = 0;
      this.counts[old % buckets] = 0;
    }
    this.newest = piece;
    return piece % buckets;
  }
}

const add = (left: number, right: number): number => left + right;
