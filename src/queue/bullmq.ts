import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, checkName, type JsonValue } from '../chunk/index.js';
import { BullmqCaller, isNotHeld } from './bullmq/caller.js';
import type { Bullmq, BullmqClaims, BullmqJob, BullmqJobs } from './bullmq/client.js';
import { describeJob, Failure, failuresOf, isKept, type Kept, keyOf } from './bullmq/record.js';
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
import { checkId, leaseLost, longestMs, queueClosed, QueueRules, reasonOf, silent } from './rules.js';
import { checkWait, WaitingClaims } from './waiting-claims.js';

export type { Bullmq, BullmqClaims, BullmqJob, BullmqJobs } from './bullmq/client.js';

/** Options of {@link createBullmqQueue}. */
export interface BullmqQueueOptions extends QueueOptions {
  /** The package: `import * as bullmq from 'bullmq'`. */
  readonly bullmq: Bullmq;
  /** Where Redis is, as BullMQ's `connection`: `{ host, port, … }`. */
  readonly connection: object;
  /** How often Redis is asked while claims wait, once for all of them. Default 100. */
  readonly pollMs?: number;
  /** How long a call waits for Redis, before it is `queue-unavailable`. Default 10 000. */
  readonly patienceMs?: number;
  /** Runs the waits of claims and between questions; leases and delays are kept by Redis and BullMQ. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Jobs are looked for whose workers have fallen silent, as often as this or a third of the lease. */
const searchMs = 400;

/**
 * A queue in Redis, through BullMQ: any number of processes, and the tools there are for BullMQ. Opens three connections.
 *
 * @example
 * import * as bullmq from 'bullmq';
 * const queue = createBullmqQueue('answers', { bullmq, connection: { host: '127.0.0.1', port: 6379 } });
 */
export function createBullmqQueue(name: string, options: BullmqQueueOptions): Queue {
  return new BullmqQueue(checkName(name), options);
}

class BullmqQueue implements Queue {
  private readonly rules: QueueRules;
  private readonly pollMs: number;
  private readonly caller: BullmqCaller;
  private readonly jobs: BullmqJobs;
  private readonly worker: BullmqClaims;
  private readonly scheduler: SchedulerLike;
  private readonly claims: WaitingClaims;
  private asking: Promise<void> | undefined;
  private searching: Promise<unknown> | undefined;
  private wake = (): void => {};

  constructor(name: string, options: BullmqQueueOptions) {
    this.rules = new QueueRules(options);
    this.pollMs = checkBound('pollMs', options.pollMs ?? 100, { max: longestMs });
    this.scheduler = options.scheduler ?? asyncScheduler;
    const patienceMs = checkBound('patienceMs', options.patienceMs ?? 10_000, { max: longestMs });
    this.caller = new BullmqCaller(patienceMs, this.scheduler);
    this.claims = new WaitingClaims(this.scheduler);
    const { leaseMs, maxDead } = this.rules;
    const { bullmq, connection } = options;
    // A colon ends a part of a key.
    const place = name.replaceAll(':', '%3A');
    const kept = { removeOnComplete: true, removeOnFail: { count: maxDead } };
    this.jobs = new bullmq.Queue(place, { connection, defaultJobOptions: kept } as never);
    this.worker = new bullmq.Worker(place, null, {
      // A worker's connections wait for Redis as long as it takes; how long a call waits is decided here.
      connection: 'duplicate' in connection ? connection : { ...connection, maxRetriesPerRequest: null },
      autorun: false,
      lockDuration: leaseMs,
      stalledInterval: Math.max(1, Math.min(searchMs, Math.floor(leaseMs / 3))),
      // How often is too often is decided here as well.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: { backoffStrategy: (_made: number, _type: string, error: Failure) => error.delayMs },
    } as never);
    // Calls say what goes wrong.
    for (const one of [this.jobs, this.worker]) one.on('error', (error) => this.caller.blame(error));
  }

  get leaseMs(): number {
    return this.rules.leaseMs;
  }

  async enqueue(payload: JsonValue, options?: EnqueueOptions): Promise<Enqueued> {
    this.checkOpen();
    const { id, named, text, delayMs, maxAttempts } = this.rules.draft(payload, options);
    const nonce = crypto.randomUUID();
    // A copy: it is written when Redis can be reached, and the caller may go on with the original.
    const data: Kept = { payload: JSON.parse(text) as JsonValue, maxAttempts, nonce };
    const jobId = keyOf(id);
    return await this.caller.call(async () => {
      await this.checkRoom(id);
      await this.jobs.add('job', data, { jobId, delay: delayMs, attempts: maxAttempts, backoff: { type: 'custom' } });
      this.wake();
      // Where one of this id was there, BullMQ leaves it and says nothing.
      const known = named ? await this.jobs.getJob(jobId) : undefined;
      return { id, duplicate: known !== undefined && (known.data as Partial<Kept>).nonce !== nonce };
    });
  }

  async claim(options: ClaimOptions = {}): Promise<ClaimedJob | undefined> {
    this.checkOpen();
    const waitMs = checkWait(options);
    const { signal } = options;
    if (signal?.aborted) return undefined;
    this.searching ??= this.worker.startStalledCheckTimer().catch(() => {});
    const job = this.claims.size > 0 && waitMs > 0 ? undefined : await this.take();
    if (job !== undefined && signal?.aborted) {
      await job.release();
      return undefined;
    }
    if (job !== undefined || waitMs === 0 || this.caller.closed) return job;
    const waiting = this.claims.wait(waitMs, signal);
    this.asking ??= this.ask();
    return await waiting;
  }

  async remove(id: string): Promise<boolean> {
    this.checkOpen();
    checkId(id);
    return await this.caller.call(async () => {
      const job = await this.find(id);
      return job !== undefined && (await this.jobs.remove(job.id!)) === 1;
    });
  }

  async dead(limit = 100): Promise<readonly DeadJob[]> {
    this.checkOpen();
    checkBound('limit', limit);
    return await this.caller.call(async () => {
      const { failed = 0 } = await this.jobs.getJobCounts('failed');
      // BullMQ counts from the newest.
      const jobs = await this.jobs.getFailed(Math.max(0, failed - limit), failed);
      return jobs
        .toReversed()
        .slice(0, limit)
        .map((job) => ({ ...describeJob(job), reason: job.failedReason }));
    });
  }

  async requeue(id: string): Promise<boolean> {
    this.checkOpen();
    checkId(id);
    return await this.caller.call(async () => {
      const job = await this.find(id);
      if (job === undefined || !(await job.isFailed())) return false;
      await this.checkRoom(id);
      await job.updateData({ ...(job.data as Kept), pardoned: job.stalledCounter });
      try {
        await job.retry('failed', { resetAttemptsMade: true });
      } catch (error) {
        if (isNotHeld(error)) return false;
        throw error;
      }
      this.wake();
      return true;
    });
  }

  async counts(): Promise<QueueCounts> {
    this.checkOpen();
    return await this.caller.call(async () => {
      const { active = 0, failed = 0, ...rest } = await this.jobs.getJobCounts(...unfinished, 'failed');
      const waiting = Object.values(rest).reduce((sum, count) => sum + count, 0);
      return { waiting, claimed: active, dead: failed };
    });
  }

  async dispose(): Promise<void> {
    if (this.caller.closed) return;
    this.caller.closed = true;
    this.claims.dismiss();
    this.wake();
    await this.asking;
    // Also without Redis: what cannot be closed in order is closed all the same.
    await Promise.allSettled([this.worker.close(true), this.jobs.close()]);
  }

  private checkOpen(): void {
    if (this.caller.closed) throw queueClosed();
  }

  /** A job by its id, also when it is none of ours. */
  private async find(id: string): Promise<BullmqJob | undefined> {
    return (await this.jobs.getJob(keyOf(id))) ?? (await this.jobs.getJob(id));
  }

  /** Asks for jobs as long as claims wait: one question at a time serves them all. */
  private async ask(): Promise<void> {
    while (this.claims.size > 0) {
      try {
        const job = await this.take();
        if (job === undefined) await this.pause();
        // Nobody waits any more.
        else if (!this.claims.give(job)) await job.release();
      } catch (error) {
        this.claims.fail(error);
      }
    }
    this.asking = undefined;
  }

  private async take(): Promise<ClaimedJob | undefined> {
    for (;;) {
      const token = crypto.randomUUID();
      const asked = () => this.worker.getNextJob(token, { block: false });
      const job = await this.caller.call(asked, (late) => late?.moveToWait(token));
      if (job === undefined) return undefined;
      const claimed = await this.judge(job, token);
      if (claimed !== undefined) return claimed;
    }
  }

  /** Buries what is no job of this queue, and what has no attempts left. */
  private async judge(job: BullmqJob, token: string): Promise<ClaimedJob | undefined> {
    const problem = isKept(job.data) ? undefined : 'what was enqueued is no job of this queue';
    const spent = failuresOf(job) >= describeJob(job).maxAttempts ? silent : undefined;
    const reason = problem ?? spent;
    if (reason === undefined) return this.claimOf(job, token);
    await this.caller.call(() => job.moveToFailed(new Failure(reason, undefined), token, false));
    return undefined;
  }

  private claimOf(job: BullmqJob, token: string): ClaimedJob {
    const { id, payload, attempt, maxAttempts } = describeJob(job);
    const act = async (work: () => Promise<unknown>): Promise<void> => {
      try {
        if ((await this.caller.call(work)) === 0) throw leaseLost(id, attempt);
      } catch (error) {
        throw isNotHeld(error) ? leaseLost(id, attempt, error) : error;
      }
    };
    return {
      id,
      payload,
      attempt,
      maxAttempts,
      renew: () => act(() => job.extendLock(token, this.rules.leaseMs)),
      ack: () => act(async () => void (await job.moveToCompleted(null, token, false))),
      fail: async (reason: string, { delayMs, final = false }: FailOptions = {}): Promise<Failed> => {
        const failures = failuresOf(job) + 1;
        const waitMs = this.rules.failDelayMs(delayMs, failures);
        const again = !final && failures < maxAttempts;
        // What BullMQ decides by: whether there is another attempt is decided here.
        job.opts.attempts = Infinity;
        const failure = new Failure(reasonOf(reason), again ? waitMs : undefined);
        await act(async () => void (await job.moveToFailed(failure, token, false)));
        this.wake();
        return again ? 'waiting' : 'dead';
      },
      release: async () => {
        await act(async () => void (await job.moveToWait(token)));
        this.wake();
      },
    };
  }

  /** BullMQ has no bound: those that enqueue at the same moment may exceed it by one each. */
  private async checkRoom(id: string): Promise<void> {
    const counts = await this.jobs.getJobCounts(...unfinished);
    const known = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (known >= this.rules.maxJobs) throw this.rules.full(id);
  }

  /** Waits until it is time to ask again, or something was done here that may bring a job. */
  private async pause(): Promise<void> {
    let timer: Subscription | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = this.scheduler.schedule(() => resolve(), this.pollMs);
    });
    timer?.unsubscribe();
  }
}

const unfinished = ['waiting', 'delayed', 'prioritized', 'active'] as const;
