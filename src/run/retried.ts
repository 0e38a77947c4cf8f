import type { SchedulerLike } from 'rxjs';
import { retryWait } from './retry-wait.js';

/** @internal Options of {@link retried}, all given. */
export interface RetriedOptions {
  readonly attempts: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly retryOn: (error: unknown) => boolean;
  readonly signal: AbortSignal;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  /** Told before each wait. */
  readonly waiting: (error: unknown, delayMs: number) => void;
}

/**
 * Does something as often as it is worth it, with waits between.
 *
 * @internal
 * @throws what the last attempt did, or why the signal has aborted
 */
export async function retried<T>(work: (attempt: number) => T | PromiseLike<T>, options: RetriedOptions): Promise<T> {
  const { attempts, delayMs, maxDelayMs, retryOn, signal, random, waiting } = options;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= attempts || !retryOn(error)) throw error;
      const wait = retryWait(attempt, delayMs, maxDelayMs, random);
      waiting(error, wait);
      await asleep(wait, options);
    }
  }
}

/** Resolves after a while, or when the signal aborts. */
function asleep(ms: number, { scheduler, signal }: RetriedOptions): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.unsubscribe();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = scheduler.schedule(wake, ms);
    signal.addEventListener('abort', wake);
  });
}
