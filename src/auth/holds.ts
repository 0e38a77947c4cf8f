import type { SchedulerLike, Subscription } from 'rxjs';

/** @internal What servers hold together: each says how much it has, and hears whether that is too much. */
export interface SharedHolds {
  /**
   * Says how many of something this server holds for somebody. Answers whether that is no more than there may be, with what others
   * hold; `undefined` where nobody answers.
   */
  say(key: string, count: number, most: number): Promise<boolean | undefined>;
  /** Says that this server lives. Answers whether all it holds has to be said again. */
  renew(): Promise<boolean>;
}

/** @internal Options of {@link Holds}. */
export interface HoldsOptions {
  /** How many each may hold. */
  readonly most: number;
  /** Holds of other servers. Default: there are none. */
  readonly shared?: SharedHolds | undefined;
  /** How often it is said that this server lives, in milliseconds. */
  readonly renewMs: number;
  readonly scheduler: SchedulerLike;
}

/** How many changes are under way at the same time. */
const together = 100;

/** @internal What each holds at the same time, here and on the servers that share it. */
export class Holds {
  private readonly counts = new Map<string, number>();
  /** Whose count has changed since it was said. */
  private readonly unsaid = new Set<string>();
  private telling = false;
  private renewing = false;
  private renewal: Subscription | undefined;

  constructor(private readonly options: HoldsOptions) {}

  /** Takes one more. Answers whether there was one. */
  hold(key: string): boolean | Promise<boolean> {
    const { most, shared } = this.options;
    const count = (this.counts.get(key) ?? 0) + 1;
    if (count > most) return false;
    this.counts.set(key, count);
    if (shared === undefined || most === Infinity) return true;
    if (!this.renewing) void this.renew(shared);
    return this.ask(shared, key, count);
  }

  private async ask(shared: SharedHolds, key: string, count: number): Promise<boolean> {
    // Where nobody answers, each server goes on for itself.
    if ((await shared.say(key, count, this.options.most)) !== false) return true;
    this.release(key);
    return false;
  }

  /** Gives one back. */
  release(key: string): void {
    const { most, shared } = this.options;
    const count = this.counts.get(key) ?? 0;
    if (count > 1) this.counts.set(key, count - 1);
    else this.counts.delete(key);
    if (shared === undefined || most === Infinity) return;
    this.unsaid.add(key);
    void this.tell(shared);
    this.rest();
  }

  /** Says what has changed, some at a time: what changes meanwhile is said with the next. */
  private async tell(shared: SharedHolds): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    // What is given back at once is said at once.
    await Promise.resolve();
    while (this.unsaid.size > 0) {
      const keys = [...this.unsaid].slice(0, together);
      for (const key of keys) this.unsaid.delete(key);
      await Promise.all(keys.map((key) => shared.say(key, this.counts.get(key) ?? 0, Infinity)));
    }
    this.telling = false;
  }

  /** As long as something is held it is said that this server lives: before anything else is said, and then again and again. */
  private async renew(shared: SharedHolds): Promise<void> {
    this.renewing = true;
    if (await shared.renew()) {
      for (const key of this.counts.keys()) this.unsaid.add(key);
      void this.tell(shared);
    }
    const { scheduler, renewMs } = this.options;
    this.renewal = scheduler.schedule(() => {
      this.renewal = undefined;
      void this.renew(shared);
    }, renewMs);
    this.rest();
  }

  /** Where nothing is held, nothing has to be renewed. */
  private rest(): void {
    if (this.renewal === undefined || this.counts.size > 0) return;
    this.renewal.unsubscribe();
    this.renewal = undefined;
    this.renewing = false;
  }
}
