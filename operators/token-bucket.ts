import type { SchedulerLike } from 'rxjs';

/** Longest delay a timer of the platform takes; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * Tokens that come at a steady rate, up to a bound, and are spent as they are there. Begins full.
 *
 * Counts thousandths: with a whole rate the tokens of every millisecond are a whole number, and no error adds up.
 *
 * @internal
 */
export class TokenBucket {
  private readonly full: number;
  private level: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    burst: number,
    private readonly scheduler: SchedulerLike,
  ) {
    this.full = this.level = burst * 1000;
    this.filledAt = scheduler.now();
  }

  /** Spends tokens, or says that there are too few. What costs more than the bucket holds needs a full one, and leaves debts. */
  spend(cost: number): boolean {
    this.fill();
    if (this.level < this.needed(cost)) return false;
    this.level -= cost * 1000;
    return true;
  }

  /** Milliseconds, at least one, until so much can be spent; of a very long time the most that a timer takes. */
  waitMs(cost: number): number {
    this.fill();
    const ms = Math.ceil((this.needed(cost) - this.level) / this.perSecond);
    return Math.min(longestTimer, Math.max(1, ms));
  }

  private needed(cost: number): number {
    return Math.min(this.full, cost * 1000);
  }

  private fill(): void {
    const now = this.scheduler.now();
    // A clock that is set back brings nothing, and takes nothing.
    this.level = Math.min(this.full, this.level + Math.max(0, now - this.filledAt) * this.perSecond);
    this.filledAt = now;
  }
}
