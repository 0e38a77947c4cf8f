import type { SchedulerLike, Subscription } from 'rxjs';

/**
 * A timer that may be set far more often than it rings. Setting it to a later time leaves the timer that is already
 * armed alone: when that one fires, it is armed again for the rest. Arming costs ten times as much as reading the clock.
 *
 * @internal
 */
export class Alarm {
  private timer: Subscription | undefined;
  private firesAt = 0;
  private ringsAt = Infinity;
  private delayMs = 0;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly ring: () => void,
    /** Whether it only tidies up: then it keeps no process alive, where the scheduler's timers are those of Node. */
    private readonly background = false,
  ) {}

  /** Rings once in `delayMs`, and not when it was to ring before. */
  set(delayMs: number): void {
    const now = this.scheduler.now();
    this.delayMs = delayMs;
    this.ringsAt = now + delayMs;
    if (this.timer === undefined || this.firesAt > this.ringsAt) this.arm(now, delayMs);
  }

  /** Whether it is going to ring. */
  get pending(): boolean {
    return this.ringsAt !== Infinity;
  }

  /** Milliseconds until it rings; `Infinity` when it is not going to. */
  get leftMs(): number {
    return this.ringsAt - this.scheduler.now();
  }

  /** Does not ring, and leaves no timer behind. */
  cancel(): void {
    this.ringsAt = Infinity;
    this.timer?.unsubscribe();
    this.timer = undefined;
  }

  private arm(now: number, delayMs: number): void {
    this.timer?.unsubscribe();
    this.firesAt = now + delayMs;
    this.timer = this.scheduler.schedule(() => this.fire(), delayMs);
    if (this.background) letGo(this.timer);
  }

  private fire(): void {
    this.timer = undefined;
    const left = this.leftMs;
    // More left than it was set to: the clock has been put back, and waiting for it could take hours.
    if (left > 0 && left <= this.delayMs) return this.arm(this.scheduler.now(), left);
    this.ringsAt = Infinity;
    this.ring();
  }
}

/** RxJS says nothing of what keeps a process alive; its asynchronous actions have Node's timer as their `id`. */
function letGo(timer: Subscription): void {
  const { id } = timer as { id?: { unref?: () => void } };
  id?.unref?.();
}
