import { asyncScheduler, Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { checkBound, type JsonValue, StreamError } from '../chunk/index.js';
import type { ClaimedJob, Queue } from './queue.js';
import { leaseLost, longestMs } from './rules.js';

/** A claimed job whose lease is renewed as long as it is not settled. */
export interface HeldJob extends ClaimedJob {
  /**
   * Aborts when the job is no longer ours while it is not settled: its lease is lost, or it was given back because nobody
   * listens any more. The reason is a `StreamError` with code `lease-lost`.
   */
  readonly signal: AbortSignal;
}

/** Options of {@link consume}. */
export interface ConsumeOptions {
  /** Most jobs held at a time: one more is claimed only when one of them is settled. Default 1. */
  readonly concurrency?: number;
  /** Once it aborts no job is claimed any more; the stream completes when those that are held are settled. */
  readonly stop?: AbortSignal;
  /** How long jobs may take to be settled after `stop`; then they are given back. Default `Infinity`. */
  readonly graceMs?: number;
  /** Pause after the queue could not be asked, before it is asked again. Default 1000. */
  readonly pauseMs?: number;
  /** Hears that the queue cannot be reached or has no room, or that a lease could not be renewed. Must not throw. */
  readonly onTrouble?: (error: StreamError) => void;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Longest wait of one claim: any would do. */
const claimMs = 60_000;

/**
 * Claims jobs for whoever subscribes, as fast as they are settled: nothing is claimed that nobody can take. Leases are renewed
 * three times as often as they would run out. A job is settled by `ack`, `fail` or `release`, whatever the queue answers: what it
 * did not hear of comes again.
 *
 * **Emits** jobs, at most `concurrency` that are not settled. **Errors** with what the queue throws, but for `queue-unavailable`
 * and `queue-full`: then it is asked again. **Completes** after `stop`. **Holds** `concurrency` jobs; unsubscribing gives them back.
 *
 * @example
 * consume(queue, { concurrency: 4 }).subscribe(async (job) => {
 *   await answer(job.payload, job.signal);
 *   await job.ack();
 * });
 */
export function consume(queue: Queue, options: ConsumeOptions = {}): Observable<HeldJob> {
  const rules: Rules = {
    concurrency: checkBound('concurrency', options.concurrency ?? 1),
    graceMs: checkBound('graceMs', options.graceMs ?? Infinity, { min: 0, max: longestMs, infinite: true }),
    pauseMs: checkBound('pauseMs', options.pauseMs ?? 1000, { max: longestMs }),
    onTrouble: options.onTrouble ?? (() => {}),
    scheduler: options.scheduler ?? asyncScheduler,
  };
  return new Observable((subscriber) => new Consumption(queue, rules, subscriber).start(options.stop));
}

type Rules = Required<Omit<ConsumeOptions, 'stop'>>;

class Consumption {
  private readonly held = new Set<Holding>();
  /** Ends the claim under way. */
  private readonly leaving = new AbortController();
  private wake = (): void => {};
  private grace: Subscription | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly rules: Rules,
    private readonly subscriber: Subscriber<HeldJob>,
  ) {}

  start(stop: AbortSignal | undefined): () => void {
    const stopping = (): void => this.stop();
    if (stop?.aborted) stopping();
    else stop?.addEventListener('abort', stopping);
    void this.claim();
    return () => {
      stop?.removeEventListener('abort', stopping);
      this.leave();
    };
  }

  private stop(): void {
    const { graceMs, scheduler } = this.rules;
    this.leaving.abort();
    this.wake();
    if (graceMs < Infinity) this.grace = scheduler.schedule(() => this.subscriber.complete(), graceMs);
  }

  private leave(): void {
    this.leaving.abort();
    this.wake();
    this.grace?.unsubscribe();
    for (const holding of this.held) holding.giveBack();
  }

  private async claim(): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      try {
        const job = await this.queue.claim({ waitMs: claimMs, signal });
        if (job !== undefined) this.hold(job);
      } catch (error) {
        if (!mayPass(error)) return this.subscriber.error(error);
        this.rules.onTrouble(error);
        await this.asleep((wake) => this.rules.scheduler.schedule(wake, this.rules.pauseMs));
      }
      while (this.held.size >= this.rules.concurrency && !signal.aborted) await this.asleep();
    }
    while (this.held.size > 0 && !this.subscriber.closed) await this.asleep();
    this.subscriber.complete();
  }

  /** Waits until something has changed, or it is woken otherwise. */
  private async asleep(alarm?: (wake: () => void) => Subscription): Promise<void> {
    let timer: Subscription | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = alarm?.(resolve);
    });
    timer?.unsubscribe();
  }

  private hold(job: ClaimedJob): void {
    const { scheduler, onTrouble } = this.rules;
    const holding = new Holding(job, {
      renewMs: this.queue.leaseMs / 3,
      scheduler,
      onTrouble,
      over: () => {
        this.held.delete(holding);
        this.wake();
      },
    });
    this.held.add(holding);
    // What came although nobody waits any more goes back.
    if (this.leaving.signal.aborted) holding.giveBack();
    else this.subscriber.next(holding);
  }
}

interface Keeping {
  readonly renewMs: number;
  readonly scheduler: SchedulerLike;
  onTrouble(error: StreamError): void;
  over(): void;
}

/** A job that is held. */
class Holding implements HeldJob {
  readonly id: string;
  readonly payload: JsonValue;
  readonly attempt: number;
  readonly maxAttempts: number;
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  private timer: Subscription;
  private over = false;

  constructor(
    private readonly job: ClaimedJob,
    private readonly keeping: Keeping,
  ) {
    this.id = job.id;
    this.payload = job.payload;
    this.attempt = job.attempt;
    this.maxAttempts = job.maxAttempts;
    this.timer = this.schedule();
  }

  private schedule(): Subscription {
    return this.keeping.scheduler.schedule(() => void this.keep(), this.keeping.renewMs);
  }

  private async keep(): Promise<void> {
    try {
      await this.renew();
    } catch (error) {
      // The next word may still come in time; if not, the queue says that the lease is lost.
      if (mayPass(error)) this.keeping.onTrouble(error);
      else this.lose(error);
    }
    if (!this.over) this.timer = this.schedule();
  }

  private lose(error: unknown): void {
    if (this.over) return;
    this.end();
    this.controller.abort(error);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.timer.unsubscribe();
    this.keeping.over();
  }

  private async settle<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  renew = (): Promise<void> => this.job.renew();
  ack = (): Promise<void> => this.settle(() => this.job.ack());
  fail: ClaimedJob['fail'] = (...given) => this.settle(() => this.job.fail(...given));
  release = (): Promise<void> => this.settle(() => this.job.release());

  /** Nobody is there to work on it. */
  giveBack(): void {
    this.lose(leaseLost(this.id, this.attempt));
    // Where that fails, the lease runs out.
    this.job.release().catch(() => {});
  }
}

/** A queue that cannot be reached comes back; one without room to write has some when jobs are done, or somebody makes it. */
function mayPass(error: unknown): error is StreamError {
  return error instanceof StreamError && (error.code === 'queue-unavailable' || error.code === 'queue-full');
}
