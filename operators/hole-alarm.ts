import type { SchedulerLike, Subscription } from 'rxjs';
import type { Holes } from './holes.js';

/** @internal Rings when the first of some holes is due. */
export class HoleAlarm {
  #timer: Subscription | undefined;
  #dueAt = 0;

  readonly #holes: Pick<Holes, 'dueAt'>;
  readonly #scheduler: SchedulerLike;
  /** Longest wait, in milliseconds: a clock that is set back makes none longer. */
  readonly #longestMs: number;
  readonly #ring: (now: number) => void;

  constructor(holes: Pick<Holes, 'dueAt'>, scheduler: SchedulerLike, longestMs: number, ring: (now: number) => void) {
    this.#holes = holes;
    this.#scheduler = scheduler;
    this.#longestMs = longestMs;
    this.#ring = ring;
  }

  /** Sees to it that it rings in time; call it when a hole was opened or is due at another time. */
  arm(): void {
    const { dueAt } = this.#holes;
    if (dueAt === Infinity || (this.#timer !== undefined && this.#dueAt <= dueAt)) return;
    this.cancel();
    this.#dueAt = dueAt;
    const delay = Math.min(this.#longestMs, Math.max(0, dueAt - this.#scheduler.now()));
    this.#timer = this.#scheduler.schedule(() => {
      this.#timer = undefined;
      // A timer may fire a moment early, and clocks are set back: at least what it was set for has come.
      this.#ring(Math.max(this.#scheduler.now(), dueAt));
    }, delay);
  }

  cancel(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
  }
}
