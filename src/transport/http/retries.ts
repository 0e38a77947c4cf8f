import { Subscription, type SchedulerLike } from 'rxjs';
import { callbackError, tell } from '../../../operators/operate.js';
import { checkBound, kindOf } from '../../chunk/index.js';
import type { Probe } from '../../probe/index.js';
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
  for (const [name, callback] of Object.entries({ retryOn, random })) {
    if (typeof callback !== 'function')
      throw new TypeError(`retry.${name} must be a function, got ${kindOf(callback)}`);
  }
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
export class Retries {
  private attempt = 0;
  private idles = 0;

  constructor(
    private readonly pace: Pace,
    private readonly signal: AbortSignal,
    private readonly operator: string,
  ) {}

  /** It went well: what failed before is forgotten. */
  succeeded(): void {
    this.attempt = 0;
    this.idles = 0;
  }

  /** It went well for a while: what lasts longer than the wait before it is no failure in a row. */
  lasted(ms: number): void {
    if (ms >= this.bound(this.attempt)) this.attempt = 0;
  }

  /**
   * Waits until it is time to try again.
   *
   * @throws the error itself when it is not worth another try, or the tries are used up
   */
  async failed(error: unknown): Promise<void> {
    const { retry, probe } = this.pace;
    if (this.attempt >= retry.maxRetries || !this.isWorthATry(error)) throw error;
    const asked = error.retryAfterMs;
    // What the server asks for is the least: with the same number for all, all would come back together.
    const delayMs =
      asked === undefined
        ? retry.random() * this.bound(this.attempt)
        : Math.min(asked + retry.random() * retry.initialDelayMs, longestTimer);
    this.attempt++;
    tell(probe, { type: 'retry', attempt: this.attempt, delayMs, operator: this.operator });
    await this.pause(delayMs);
  }

  /** Waits because an answer came at once and brought nothing: whoever asks on without a wait floods the server. */
  async idle(): Promise<void> {
    await this.pause(this.pace.retry.random() * this.bound(this.idles++));
  }

  private isWorthATry(error: unknown): error is HttpError {
    if (!(error instanceof HttpError)) return false;
    try {
      return this.pace.retry.retryOn(error);
    } catch (cause) {
      throw callbackError('retryOn', cause);
    }
  }

  /** The longest wait after so many failures. Waits are random up to it, so that many do not come back together. */
  private bound(attempt: number): number {
    const { initialDelayMs, maxDelayMs, multiplier } = this.pace.retry;
    return Math.min(maxDelayMs, initialDelayMs * multiplier ** attempt);
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const over = new Subscription(resolve);
      const stop = (): void => over.unsubscribe();
      signal.addEventListener('abort', stop);
      over.add(() => signal.removeEventListener('abort', stop));
      over.add(this.pace.scheduler.schedule(stop, ms));
    });
    signal.throwIfAborted();
  }
}
