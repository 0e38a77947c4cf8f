import type { SchedulerLike, Subscription } from 'rxjs';
import { type Decision, type Delivery, readEnvelope } from './record.js';

/** How often it is seen whether somebody has them; so long a job may be with nobody after it is due. */
const everyMs = 1000;
/** Most jobs that are watched; one given back beyond waits for its lease if it finds nobody. */
const mostJobs = 10_000;

/** @internal What is to be known of a queue. */
export interface GivenBackStore {
  /** How many ask for a job. */
  asking(): Promise<number>;
  /** A job as it was enqueued; `undefined` when it is over. */
  body(seq: number): Promise<string | undefined>;
  last(kind: 'claims', word: string): Promise<{ seq: number; decision: Decision | undefined } | undefined>;
  put(kind: 'claims', word: string, what: { decision: Decision }, expected: number): Promise<number | undefined>;
  settle(delivery: Place, word: string): Promise<void>;
}

type Place = Pick<Delivery, 'seq' | 'delivered' | 'reply'>;

interface Watched extends Place {
  readonly dueAt: number;
}

/**
 * @internal Jobs that this process gave back, until somebody has them.
 *
 * A nats-server before 2.10.14 strikes such a job off its list also where all who asked are gone at that moment, their time over or
 * their connection: nobody has it then until its lease is over. So when others ask, and it is still with nobody, it is given back
 * once more.
 */
export class GivenBack {
  private readonly jobs = new Map<number, Watched>();
  private timer: Subscription | undefined;
  private closed = false;

  constructor(
    private readonly store: GivenBackStore,
    private readonly scheduler: SchedulerLike,
    private readonly leaseMs: number,
  ) {}

  /** Watches a job that was given back, to be delivered after a time. */
  watch({ seq, delivered, reply }: Place, delayMs: number): void {
    if (this.closed || (this.jobs.size >= mostJobs && !this.jobs.has(seq))) return;
    this.jobs.set(seq, { seq, delivered, reply, dueAt: this.scheduler.now() + delayMs });
    this.wake();
  }

  dispose(): void {
    this.closed = true;
    this.jobs.clear();
    this.timer?.unsubscribe();
  }

  private wake(): void {
    this.timer ??= this.scheduler.schedule(() => void this.look(), everyMs);
  }

  private async look(): Promise<void> {
    try {
      const due = this.due();
      // Where nobody asks, the server has a job on its list, or it makes no difference.
      if (due.length > 0 && (await this.store.asking()) > 0) for (const job of due) await this.ask(job);
    } catch {
      // NATS does not answer: then it is seen next time, or the lease ends.
    }
    this.timer = undefined;
    if (this.jobs.size > 0) this.wake();
  }

  private due(): readonly Watched[] {
    const now = this.scheduler.now();
    // Then the server delivers it by itself.
    for (const [seq, { dueAt }] of this.jobs) if (now >= dueAt + this.leaseMs) this.jobs.delete(seq);
    return [...this.jobs.values()].filter(({ dueAt }) => now >= dueAt + everyMs);
  }

  /** Gives a job back once more, unless somebody has it. */
  private async ask(job: Watched): Promise<void> {
    const { seq, delivered } = job;
    const isFree = await this.disown(job);
    if (this.jobs.get(seq) === job) {
      if (isFree) this.jobs.set(seq, { ...job, delivered: delivered + 1 });
      else this.jobs.delete(seq);
    }
    if (isFree) await this.store.settle(job, '-NAK');
  }

  /**
   * Has the next delivery refused, should it have come to somebody who has not written so yet: or two would have the job.
   *
   * @returns `false` when somebody has it, or it is over
   */
  private async disown({ seq, delivered }: Watched): Promise<boolean> {
    const known = await this.store.last('claims', `${seq}`);
    const before = known?.decision ?? (await this.untouched(seq));
    if (before === undefined || before.state !== 'waiting' || before.delivered > delivered) return false;
    const decision: Decision = { ...before, delivered: delivered + 1 };
    return (await this.store.put('claims', `${seq}`, { decision }, known?.seq ?? 0)) !== undefined;
  }

  /** What is to be written of a job about which nothing was decided; `undefined` when it is over. */
  private async untouched(seq: number): Promise<Decision | undefined> {
    const body = await this.store.body(seq);
    if (body === undefined) return undefined;
    return { state: 'waiting', attempt: readEnvelope(body)?.attempt ?? 0, failures: 0, delivered: 0 };
  }
}
