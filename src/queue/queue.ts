import type { JsonValue } from '../chunk/index.js';

/** Options every queue takes. */
export interface QueueOptions {
  /** How long a claimed job is its claimer's without a word: then another gets it. Default 30 000, at most 10^9. */
  readonly leaseMs?: number;
  /** How often a job is tried, unless it says otherwise. Default 5. */
  readonly maxAttempts?: number;
  /** Jobs that wait or are claimed; one more is `queue-full`. Default 100 000. */
  readonly maxJobs?: number;
  /** Dead letters that are kept; the oldest go. Default 10 000. */
  readonly maxDead?: number;
  /** Longest payload, in bytes of JSON; a longer one is `job-too-large`. Default 256 KiB. */
  readonly maxPayloadBytes?: number;
  /** Longest wait before a job is tried for the second time; it doubles with each failure. Default 1000. */
  readonly retryMs?: number;
  /** Longest wait before a job is tried again. Default 60 000. */
  readonly maxRetryMs?: number;
  /** A number from 0 up to 1: a wait is between half the longest and the longest. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link Queue.enqueue}. */
export interface EnqueueOptions {
  /** Names the job, 1 to 256 characters: while the queue knows a job of this id, no second one is taken. Default: a random one. */
  readonly id?: string;
  /** Nobody gets the job before. Default 0, at most 10^9. */
  readonly delayMs?: number;
  /** How often the job is tried before it is a dead letter. Default: as the queue says. */
  readonly maxAttempts?: number;
}

/** What {@link Queue.enqueue} did. */
export interface Enqueued {
  readonly id: string;
  /** The queue knew a job of this id already, and has left it as it was. */
  readonly duplicate: boolean;
}

/** Options of {@link Queue.claim}. */
export interface ClaimOptions {
  /** How long to wait for a job when there is none. Default 0. */
  readonly waitMs?: number;
  /** Ends the wait, without an error. */
  readonly signal?: AbortSignal;
}

/** What is to be done. */
export interface Job {
  readonly id: string;
  readonly payload: JsonValue;
  /**
   * Counts how often the job was claimed, from 1, and never starts again while the queue knows the job. It is the epoch under
   * which whoever works on the job appends to a log: so one that has lost its lease is fenced there as well.
   */
  readonly attempt: number;
  /** Failures, among them leases that ran out, before the job is a dead letter. */
  readonly maxAttempts: number;
}

/** Options of {@link ClaimedJob.fail}. */
export interface FailOptions {
  /** Wait before the next attempt. Default: as the queue's `retryMs` says. */
  readonly delayMs?: number;
  /** Never try again: make it a dead letter. Default `false`. */
  readonly final?: boolean;
}

/** Where a job is once it has failed. */
export type Failed = 'waiting' | 'dead';

/**
 * A job in the hands of one claimer, until its lease runs out. Each of these calls is refused with `lease-lost` once another has
 * claimed the job, and after one of `ack`, `fail` and `release` has succeeded.
 */
export interface ClaimedJob extends Job {
  /** The lease begins anew. */
  renew(): Promise<void>;
  /** The job is done, and forgotten. */
  ack(): Promise<void>;
  /** This attempt has failed: the job waits for the next, or is a dead letter when this was the last. */
  fail(reason: string, options?: FailOptions): Promise<Failed>;
  /** Gives the job back for another to claim at once; this does not count as a failure. */
  release(): Promise<void>;
}

/** A job that was given up. */
export interface DeadJob extends Job {
  /** What the last attempt failed with. */
  readonly reason: string;
}

/** How many jobs there are. */
export interface QueueCounts {
  /** Nobody has them: also those that are delayed or wait for their next attempt. */
  readonly waiting: number;
  readonly claimed: number;
  readonly dead: number;
}

/**
 * The port of every queue: jobs, each given to one worker at a time, at least once, until one acknowledges it.
 *
 * Laws, proven for each adapter by `queueLaws` in `sluice/testing`:
 * - **Nothing is lost.** A job that was enqueued is acknowledged, removed or a dead letter in the end, whoever dies meanwhile.
 * - **One at a time.** A job is claimed by one claimer. Another gets it when it is given back or its lease runs out, under a
 *   higher attempt; from then on the former is refused with `lease-lost`.
 * - **First in, first out**, as far as jobs are due: failed ones come later, given back ones first or last.
 * - **Bounds.** Every failure and every lease that runs out counts as an attempt; a job that has none left is a dead letter.
 *
 * Run-time trouble is a `StreamError`: `queue-unavailable` means that the call may have had its effect or not, and may be
 * repeated; enqueueing twice with one id keeps one job. After `dispose` every call is `queue-closed`.
 */
export interface Queue {
  /** How long a lease is, without being renewed. */
  readonly leaseMs: number;

  /** Takes a job. `queue-full`, `job-too-large`, or `job-invalid` when its payload is no JSON value or its id no id. */
  enqueue(payload: JsonValue, options?: EnqueueOptions): Promise<Enqueued>;

  /** Claims the job that has waited longest; `undefined` when there is none within the time. Claims are served in turn. */
  claim(options?: ClaimOptions): Promise<ClaimedJob | undefined>;

  /** Removes a job that waits, or a dead letter. Answers whether it did: not when it is claimed or not there. */
  remove(id: string): Promise<boolean>;

  /** Dead letters, the oldest first, at most `limit`: 100 by default. */
  dead(limit?: number): Promise<readonly DeadJob[]>;

  /** Has a dead letter tried again, as often as in the beginning; its attempts count on. Answers whether it was there. */
  requeue(id: string): Promise<boolean>;

  /** How many jobs there are; where others work at the same moment, what was true a moment ago. */
  counts(): Promise<QueueCounts>;

  /** Lets go of connections. Claims that wait answer `undefined`; claimed jobs are left to their leases. */
  dispose(): Promise<void>;
}
