/** Shortest time that is measured: what happens within it says little of a pace. */
const shortestMs = 50;

/**
 * How fast something grows, lately: later measures count more than earlier ones.
 *
 * @internal
 */
export class Pace {
  private lastAt: number;
  private last = 0;
  private rate: number | undefined;

  constructor(
    private readonly begunAt: number,
    private readonly smoothing: number,
  ) {
    this.lastAt = begunAt;
  }

  get perSecond(): number {
    return this.rate ?? 0;
  }

  measure(now: number, value: number): void {
    const elapsedMs = now - this.lastAt;
    if (elapsedMs < shortestMs) return;
    // What was put back, as by another attempt, is not done at a negative pace.
    const rate = (Math.max(0, value - this.last) * 1000) / elapsedMs;
    this.rate = this.rate === undefined ? rate : this.smoothing * rate + (1 - this.smoothing) * this.rate;
    this.lastAt = now;
    this.last = value;
  }

  /** The pace of all the time from the beginning. */
  overall(now: number, value: number): number {
    return now > this.begunAt ? (value * 1000) / (now - this.begunAt) : 0;
  }
}
