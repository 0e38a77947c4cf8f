import { type SchedulerLike, timer } from 'rxjs';
import { callbackError, tell } from '../../../operators/operate.js';
import { checkBound, checkKind } from '../../chunk/index.js';
import type { Probe } from '../../probe/index.js';
import { wanted } from './aborted.js';
import { HttpError, isTransient } from './failure.js';

/** When and how often a request is repeated. */
export interface HttpRetryOptions {
  /** Most times in a row, without anything new between them. Default 10. */
  readonly maxRetries?: number;
  /** Upper bound of the first wait. Default 500. */
  readonly initialDelayMs?: number;
  /** Upper bound of every wait, unless the server asks for a longer one. Default 30 000. */
  readonly maxDelayMs?: number;
  /** By what the bound grows from wait to wait. Default 2. */
  readonly multiplier?: number;
  /**
   * Whether an error is worth another try. Default: a broken connection is, and the answers 408, 425, 429 and 500 upwards
   * without 501, 505 and 507.
   */
  readonly retryOn?: (error: HttpError) => boolean;
  /** A number from 0 up to 1, not included. Default `Math.random`. */
  readonly random?: () => number;
}

/** @internal Options that have been found good. */
export type RetryRules = Required<HttpRetryOptions>;

/** @internal Checks how requests are repeated. @throws TypeError or RangeError naming the wrong option */
export function retryRules(options: HttpRetryOptions = {}): RetryRules {
  const { maxRetries = 10, initialDelayMs = 500, maxDelayMs = 30_000, multiplier = 2 } = options;
  checkBound('retry.maxRetries', maxRetries, { min: 0, infinite: true });
  checkBound('retry.initialDelayMs', initialDelayMs);
  checkBound('retry.maxDelayMs', maxDelayMs, { min: initialDelayMs, max: longestTimer });
  checkBound('retry.multiplier', multiplier, { whole: false });
  const { retryOn = isTransient, random = Math.random } = options;
  checkKind('retry.retryOn', retryOn, 'function');
  checkKind('retry.random', random, 'function');
  return { maxRetries, initialDelayMs, maxDelayMs, multiplier, retryOn, random };
}

/** @internal What a timer can count, in milliseconds. A longer one would ring at once. */
export const longestTimer = 2 ** 31 - 1;

/** @internal What retries need of the rules of a request. */
export interface Pace {
  readonly retry: RetryRules;
  readonly probe: Probe | undefined;
  readonly scheduler: SchedulerLike;
}

/** @internal How often in a row something has failed, and how long to wait before it is tried again. */
export interface Retries {
  /** It went well: what failed before is forgotten. */
  succeeded(): void;
  /**
   * Waits until it is time to try again.
   *
   * @param ms - how long it went well: what lasts longer than the wait before it is no failure in a row. Default 0
   * @throws the error itself when it is not worth another try, or the tries are used up
   */
  failed(error: unknown, ms?: number): Promise<unknown>;
  /** Waits because an answer came at once and brought nothing: whoever asks on without a wait floods the server. */
  idle(): Promise<unknown>;
}

/** @internal Counts the failures of what is tried until the signal is aborted. */
export function createRetries({ probe, retry, scheduler }: Pace, signal: AbortSignal, operator: string): Retries {
  const { initialDelayMs, maxDelayMs, maxRetries, multiplier, random, retryOn } = retry;
  let attempt = 0;
  let idles = 0;

  /** The longest wait after so many failures. Waits are random up to it, so that many do not come back together. */
  const bound = (failures: number): number => Math.min(maxDelayMs, initialDelayMs * multiplier ** failures);
  const pause = (ms: number): Promise<unknown> => wanted(timer(ms, scheduler), signal);
  const isWorthATry = (error: HttpError): boolean => {
    try {
      return retryOn(error);
    } catch (cause) {
      throw callbackError('retryOn', cause);
    }
  };

  return {
    succeeded: () => {
      attempt = idles = 0;
    },
    failed: async (error, ms = 0) => {
      if (ms >= bound(attempt)) attempt = 0;
      if (attempt >= maxRetries || !(error instanceof HttpError) || !isWorthATry(error)) throw error;
      const { retryAfterMs } = error;
      // What the server asks for is the least: with the same number for all, all would come back together.
      const delayMs =
        retryAfterMs === undefined
          ? random() * bound(attempt)
          : Math.min(retryAfterMs + random() * initialDelayMs, longestTimer);
      tell(probe, { type: 'retry', attempt: ++attempt, delayMs, operator });
      return pause(delayMs);
    },
    idle: () => pause(random() * bound(idles++)),
  };
}
