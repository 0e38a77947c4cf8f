import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, type JsonValue } from '../chunk/index.js';
import type {
  ClaimedJob,
  ClaimOptions,
  DeadJob,
  Enqueued,
  EnqueueOptions,
  Failed,
  FailOptions,
  Queue,
  QueueCounts,
  QueueOptions,
} from './queue.js';
import { checkId, type Draft, leaseLost, queueClosed, QueueRules, reasonOf, silent } from './rules.js';
import { checkWait, WaitingClaims } from './waiting-claims.js';

/** Options of {@link createMemoryQueue}. */
export interface MemoryQueueOptions extends QueueOptions {
  /** Bytes of payloads, as JSON, of jobs that wait or are claimed and of dead letters; beyond it is `queue-full`. Default 64 MiB. */
  readonly maxTotalBytes?: number;
  /** Runs leases, delays and waits. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A queue within this process. Its leases and delays are timers, never compared with a clock: one that jumps moves nothing.
 *
 * @example
 * const queue = createMemoryQueue({ leaseMs: 10_000 });
 * await queue.enqueue({ prompt: 'Call me' });
 */
export function createMemoryQueue(options: MemoryQueueOptions = {}): Queue {
  return new MemoryQueue(options);
}

/** A job the queue knows. */
interface Entry extends Draft {
  attempt: number;
  failures: number;
  claimed: boolean;
  /** What it waits for: its time, or the end of its lease. */
  timer?: Subscription;
}

interface DeadEntry {
  readonly entry: Entry;
  readonly reason: string;
}

class MemoryQueue implements Queue {
  private readonly rules: QueueRules;
  private readonly maxTotalBytes: number;
  private readonly scheduler: SchedulerLike;
  private readonly jobs = new Map<string, Entry>();
  /** Jobs that are due, in order. Those that were given back go first. */
  private readonly due = new Set<Entry>();
  private readonly again = new Set<Entry>();
  private readonly letters = new Map<string, DeadEntry>();
  private readonly claims: WaitingClaims;
  private bytes = 0;
  private claimed = 0;
  private closed = false;

  constructor(options: MemoryQueueOptions) {
    this.rules = new QueueRules(options);
    this.maxTotalBytes = checkBound('maxTotalBytes', options.maxTotalBytes ?? 64 << 20);
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.claims = new WaitingClaims(this.scheduler);
  }

  get leaseMs(): number {
    return this.rules.leaseMs;
  }

  async enqueue(payload: JsonValue, options?: EnqueueOptions): Promise<Enqueued> {
    this.checkOpen();
    const draft = this.rules.draft(payload, options);
    const { id } = draft;
    if (this.jobs.has(id) || this.letters.has(id)) return { id, duplicate: true };
    const full = this.jobs.size >= this.rules.maxJobs || this.bytes + draft.bytes > this.maxTotalBytes;
    if (full) throw this.rules.full(id);
    const entry: Entry = { ...draft, attempt: 0, failures: 0, claimed: false };
    this.bytes += entry.bytes;
    this.jobs.set(id, entry);
    this.wait(entry, draft.delayMs, this.due);
    return { id, duplicate: false };
  }

  async claim(options: ClaimOptions = {}): Promise<ClaimedJob | undefined> {
    this.checkOpen();
    const waitMs = checkWait(options);
    const { signal } = options;
    if (signal?.aborted) return undefined;
    // Where others wait there is nothing to be had: it is their turn first.
    const job = this.take();
    if (job !== undefined || waitMs === 0) return job;
    return await this.claims.wait(waitMs, signal);
  }

  async remove(id: string): Promise<boolean> {
    this.checkOpen();
    const entry = this.jobs.get(checkId(id)) ?? this.letters.get(id)?.entry;
    if (entry === undefined || entry.claimed) return false;
    this.forget(entry);
    return true;
  }

  async dead(limit = 100): Promise<readonly DeadJob[]> {
    this.checkOpen();
    checkBound('limit', limit);
    const letters = [...this.letters.values()].slice(0, limit);
    return letters.map(({ entry: { id, text, attempt, maxAttempts }, reason }) => {
      return { id, payload: JSON.parse(text) as JsonValue, attempt, maxAttempts, reason };
    });
  }

  async requeue(id: string): Promise<boolean> {
    this.checkOpen();
    const letter = this.letters.get(checkId(id));
    if (letter === undefined) return false;
    if (this.jobs.size >= this.rules.maxJobs) throw this.rules.full(id);
    this.letters.delete(id);
    const { entry } = letter;
    entry.failures = 0;
    this.jobs.set(id, entry);
    this.wait(entry, 0, this.due);
    return true;
  }

  async counts(): Promise<QueueCounts> {
    this.checkOpen();
    return { waiting: this.jobs.size - this.claimed, claimed: this.claimed, dead: this.letters.size };
  }

  async dispose(): Promise<void> {
    this.closed = true;
    for (const { timer } of this.jobs.values()) timer?.unsubscribe();
    this.claims.dismiss();
    for (const kept of [this.jobs, this.due, this.again, this.letters]) kept.clear();
  }

  private checkOpen(): void {
    if (this.closed) throw queueClosed();
  }

  /** Makes a job due, now or later. */
  private wait(entry: Entry, delayMs: number, line: Set<Entry>): void {
    const isDue = (): void => {
      line.add(entry);
      this.handOut();
    };
    if (delayMs === 0) isDue();
    else entry.timer = this.scheduler.schedule(isDue, delayMs);
  }

  private handOut(): void {
    while (this.claims.size > 0) {
      const job = this.take();
      if (job === undefined) return;
      this.claims.give(job);
    }
  }

  private take(): ClaimedJob | undefined {
    const [entry] = this.again.size > 0 ? this.again : this.due;
    if (entry === undefined) return undefined;
    this.again.delete(entry);
    this.due.delete(entry);
    entry.attempt++;
    entry.claimed = true;
    this.claimed++;
    this.lease(entry);
    return this.claimOf(entry);
  }

  private lease(entry: Entry): void {
    entry.timer?.unsubscribe();
    entry.timer = this.scheduler.schedule(() => {
      this.letGo(entry);
      this.failed(entry, silent, 0, this.again);
    }, this.rules.leaseMs);
  }

  private claimOf(entry: Entry): ClaimedJob {
    const { id, text, attempt, maxAttempts } = entry;
    const check = (): void => {
      this.checkOpen();
      if (!entry.claimed || entry.attempt !== attempt) throw leaseLost(id, attempt);
    };
    return {
      id,
      payload: JSON.parse(text) as JsonValue,
      attempt,
      maxAttempts,
      renew: async () => {
        check();
        this.lease(entry);
      },
      ack: async () => {
        check();
        this.letGo(entry);
        this.forget(entry);
      },
      fail: async (reason: string, { delayMs, final = false }: FailOptions = {}) => {
        check();
        const waitMs = this.rules.failDelayMs(delayMs, entry.failures + 1);
        const kept = reasonOf(reason);
        this.letGo(entry);
        return this.failed(entry, kept, waitMs, this.due, final);
      },
      release: async () => {
        check();
        this.letGo(entry);
        this.wait(entry, 0, this.again);
      },
    };
  }

  /** The claimer of a job has no say any more. */
  private letGo(entry: Entry): void {
    entry.timer?.unsubscribe();
    entry.claimed = false;
    this.claimed--;
  }

  private failed(entry: Entry, reason: string, delayMs: number, line: Set<Entry>, final = false): Failed {
    entry.failures++;
    if (!final && entry.failures < entry.maxAttempts) {
      this.wait(entry, delayMs, line);
      return 'waiting';
    }
    this.jobs.delete(entry.id);
    this.letters.set(entry.id, { entry, reason });
    const [oldest] = this.letters.values();
    if (this.letters.size > this.rules.maxDead) this.forget(oldest!.entry);
    return 'dead';
  }

  private forget(entry: Entry): void {
    entry.timer?.unsubscribe();
    this.bytes -= entry.bytes;
    this.due.delete(entry);
    this.again.delete(entry);
    this.jobs.delete(entry.id);
    this.letters.delete(entry.id);
  }
}
