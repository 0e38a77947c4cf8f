import type { SchedulerLike, Subscription } from 'rxjs';
import { deadlineOf, type Lifetime } from './lifetime.js';
import type { StreamRecord } from './stream-record.js';

/** What {@link Lifetimes} needs of its surroundings. */
interface Surroundings {
  readonly scheduler: SchedulerLike;
  /** Whether somebody reads a stream, which counts as use. */
  readonly inUse: (name: string) => boolean;
  /** Looks at a stream whose time seems to be over. */
  readonly over: (name: string) => void;
}

interface Use {
  readonly lifetime: Lifetime;
  readonly createdAt: number;
  usedAt: number;
}

/** As long as a timer can be. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * @internal When streams with a lifetime were last used, as this process knows it. What others have done shows in the log, as
 * far as they wrote; after a restart every time runs anew.
 */
export class Lifetimes {
  private readonly uses = new Map<string, Use>();
  private readonly startedAt: number;
  private timer: Subscription | undefined;
  private timerAt = Infinity;

  constructor(private readonly surroundings: Surroundings) {
    this.startedAt = surroundings.scheduler.now();
  }

  /** Whether a stream's time is over. */
  isOver(record: StreamRecord): boolean {
    const { lifetime, name } = record;
    if (lifetime.ttl === undefined && lifetime.expiresAt === undefined) return false;
    const now = this.surroundings.scheduler.now();
    const use = this.useOf(record);
    if (deadlineOf(lifetime, use.usedAt) > now) return false;
    if (lifetime.ttl === undefined || !this.surroundings.inUse(name)) return true;
    use.usedAt = now;
    this.arm(now + lifetime.ttl * 1000);
    return false;
  }

  /** A stream is used: its time begins anew. */
  touch(record: StreamRecord): void {
    const { ttl } = record.lifetime;
    if (ttl === undefined) return;
    const now = this.surroundings.scheduler.now();
    this.useOf(record).usedAt = now;
    this.arm(now + ttl * 1000);
  }

  /** A stream has gone. */
  forget(name: string): void {
    this.uses.delete(name);
  }

  dispose(): void {
    this.timer?.unsubscribe();
    this.uses.clear();
  }

  private useOf({ name, lifetime, info }: StreamRecord): Use {
    const written = info.lastChunkAt ?? info.createdAt;
    let use = this.uses.get(name);
    if (use === undefined || use.createdAt !== info.createdAt) {
      use = { lifetime, createdAt: info.createdAt, usedAt: Math.max(written, this.startedAt) };
      this.uses.set(name, use);
      this.arm(deadlineOf(lifetime, use.usedAt));
    }
    use.usedAt = Math.max(use.usedAt, written);
    return use;
  }

  private arm(at: number): void {
    if (at >= this.timerAt) return;
    this.timer?.unsubscribe();
    this.timerAt = at;
    const { scheduler } = this.surroundings;
    const delay = Math.min(maxDelayMs, Math.max(1, at - scheduler.now()));
    this.timer = scheduler.schedule(() => this.look(), delay);
  }

  private look(): void {
    const now = this.surroundings.scheduler.now();
    this.timerAt = Infinity;
    let next = Infinity;
    for (const [name, { lifetime, usedAt }] of this.uses) {
      const deadline = deadlineOf(lifetime, usedAt);
      if (deadline <= now) this.surroundings.over(name);
      else next = Math.min(next, deadline);
    }
    if (next < Infinity) this.arm(next);
  }
}
