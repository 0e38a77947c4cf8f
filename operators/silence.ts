import type { SchedulerLike, Subscription } from 'rxjs';

/** Ticks in one silence: the price of noticing it at most a sixteenth late. */
const resolution = 16;

/**
 * Notices that nothing has happened for a time, for the price of writing one field whenever something does: no clock is
 * read and no timer armed for it. Instead it ticks, sixteen times in `afterMs`, and counts the ticks in which nothing
 * happened. It is never early, and at most one tick late: exact up to 16 ms.
 *
 * An event loop that was blocked for long counts as one tick, so that what waits in the sockets is not taken for silence.
 *
 * @internal
 */
export class Silence {
  private readonly tickMs: number;
  private readonly ticks: number;
  private quiet = 0;
  private timer: Subscription | undefined;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly afterMs: number,
    private readonly noticed: () => void,
  ) {
    this.tickMs = Math.ceil(afterMs / resolution);
    this.ticks = Math.ceil(afterMs / this.tickMs);
  }

  /** Begins to listen: the silence counts from here. */
  start(): void {
    this.quiet = 0;
    this.arm();
  }

  /** Something happened: the silence counts from the end of this tick. */
  interrupt(): void {
    this.quiet = -1;
  }

  /** Stops listening. */
  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private arm(): void {
    // The last tick is shorter where sixteen whole milliseconds do not make it up.
    const last = this.quiet === this.ticks - 1;
    const delayMs = last ? this.afterMs - this.quiet * this.tickMs : this.tickMs;
    this.timer = this.scheduler.schedule(() => this.tick(), delayMs);
  }

  private tick(): void {
    this.quiet++;
    if (this.quiet < this.ticks) return this.arm();
    this.start();
    this.noticed();
  }
}
