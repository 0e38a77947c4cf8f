import { type SchedulerAction, Subscription, VirtualTimeScheduler } from 'rxjs';

/**
 * Turns of the microtask queue between two instants. Promises know nothing of virtual time: they are given the time in
 * between. Longer chains than this only end an instant later, the same one in every run.
 */
const hops = 8;

/**
 * Time that passes as fast as there is work: RxJS's virtual time, run instant by instant, so that promises get their turn
 * in between, and never without an end.
 *
 * @internal
 */
export class VirtualTime extends VirtualTimeScheduler {
  private left: number;

  /** @param maxActions - after as many, nothing more happens: whoever waits for something waits for ever */
  constructor(private readonly maxActions: number) {
    super();
    this.left = maxActions;
  }

  /** How often something was scheduled. */
  get scheduled(): number {
    return this.maxActions - this.left;
  }

  /** Whether somebody has scheduled without end. */
  get exhausted(): boolean {
    return this.left === 0;
  }

  /** How many timers run. */
  get timers(): number {
    return this.actions.length;
  }

  override schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription {
    if (this.left === 0) return Subscription.EMPTY;
    this.left--;
    // The base takes a delay and a state that may be undefined, and its types do not say so.
    return super.schedule(work, delay ?? 0, state as T);
  }

  /** Runs work at the end of the turn, as `setImmediate` does. */
  readonly defer = (work: () => void): void => {
    this.schedule(work);
  };

  /** Runs work at a time. */
  at(time: number, work: () => void): Subscription {
    return this.schedule(work, Math.max(0, time - this.frame));
  }

  /** Resolves when a time has passed. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.schedule(() => resolve(), delayMs));
  }

  /** Lets time pass as long as something happens, up to an instant, or until `over` says so. */
  async run(until: number, over: () => boolean = () => false): Promise<void> {
    for (;;) {
      for (let i = 0; i < hops; i++) await undefined;
      const next = this.actions[0]?.delay ?? Infinity;
      if (next > until || over()) return;
      this.maxFrames = next;
      this.flush();
    }
  }
}
