import { asyncScheduler, mergeMap, type Observable, type SchedulerLike } from 'rxjs';
import { checkBound, toStreamError } from '../chunk/index.js';
import { consume, type ConsumeOptions, type HeldJob } from './consume.js';
import type { Failed, Queue } from './queue.js';
import { longestMs } from './rules.js';

/** Options of {@link work}. */
export interface WorkOptions extends ConsumeOptions {
  /** How long an attempt may take; then its signal aborts and it has failed. Default `Infinity`. */
  readonly timeoutMs?: number;
  /** Whether a job may be tried again after this error. Default: always; also when this throws. */
  readonly isRetryable?: (error: unknown, job: HeldJob) => boolean;
}

/** What became of a job. */
export interface Outcome {
  readonly id: string;
  readonly attempt: number;
  /** `done`, `waiting` for the next attempt, `dead`, or `lost`: another has it, or will. */
  readonly status: 'done' | Failed | 'lost';
  /** What the attempt failed with. */
  readonly error?: unknown;
}

/** Does a job. What it throws or rejects with is a failure. */
export type Handle = (job: HeldJob, signal: AbortSignal) => unknown;

/**
 * Works on the jobs of a queue as long as it is subscribed: acknowledges what `handle` has done, fails what it throws.
 *
 * `handle` gets a signal that aborts when the job is no longer its own or its time is over; whatever it does after that counts for
 * nothing, and an append under the job's attempt as epoch is fenced once another goes on.
 *
 * **Emits** what became of each job. **Errors**, **completes** and **holds** as `consume` does.
 *
 * @example
 * work(queue, async ({ payload }, signal) => answer(payload, signal), { concurrency: 4 }).subscribe();
 */
export function work(queue: Queue, handle: Handle, options: WorkOptions = {}): Observable<Outcome> {
  if (typeof handle !== 'function') throw new TypeError('handle must be a function');
  const { isRetryable = () => true, scheduler = asyncScheduler } = options;
  const limits = { min: 1, max: longestMs, infinite: true };
  const timeoutMs = checkBound('timeoutMs', options.timeoutMs ?? Infinity, limits);
  return consume(queue, options).pipe(
    mergeMap(async (job): Promise<Outcome> => {
      const { id, attempt } = job;
      try {
        await attemptOf(job, handle, timeoutMs, scheduler);
      } catch (error) {
        return { id, attempt, status: await failed(job, error, isRetryable), error };
      }
      try {
        await job.ack();
        return { id, attempt, status: 'done' };
      } catch (error) {
        return { id, attempt, status: 'lost', error };
      }
    }),
  );
}

/** Runs the handle until it is done, out of time, or has lost the job. */
async function attemptOf(job: HeldJob, handle: Handle, timeoutMs: number, scheduler: SchedulerLike): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([job.signal, late.signal]);
  signal.throwIfAborted();
  const giveUp = (): void => late.abort(new Error(`the attempt has taken more than ${timeoutMs} ms`));
  const timer = timeoutMs < Infinity ? scheduler.schedule(giveUp, timeoutMs) : undefined;
  try {
    await new Promise<unknown>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      void (async () => handle(job, signal))().then(resolve, reject);
    });
  } finally {
    timer?.unsubscribe();
  }
}

async function failed(
  job: HeldJob,
  error: unknown,
  isRetryable: NonNullable<WorkOptions['isRetryable']>,
): Promise<Outcome['status']> {
  if (job.signal.aborted) return 'lost';
  const reason = toStreamError(error, 'callback-failed').message;
  const final = !mayRetry(isRetryable, error, job);
  try {
    return await job.fail(reason, { final });
  } catch {
    // The lease runs out, or has: another gets it.
    return 'lost';
  }
}

function mayRetry(isRetryable: NonNullable<WorkOptions['isRetryable']>, error: unknown, job: HeldJob): boolean {
  try {
    return isRetryable(error, job);
  } catch {
    // A job that is not settled would be held, and its lease renewed, for ever.
    return true;
  }
}
