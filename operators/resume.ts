import {
  asyncScheduler,
  from,
  Observable,
  type ObservableInput,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import { checkBound, type Chunk, kindOf, type Notice, StreamError } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { ownSeq } from './numbered.js';
import { callbackError, Stage, tell } from './operate.js';

/** What {@link resume} tells the function that opens the source. */
export interface ResumeContext<C> {
  /** Position of the last item that came; `undefined` before there was one. The source goes on behind it. */
  readonly cursor: C | undefined;
  /** How many times in a row it has been lost: 0 at first, and again once it held (`resetAfterMs`). */
  readonly attempt: number;
  /** Aborted when what was opened is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Options of {@link resume}. */
export interface ResumeOptions<T, C = number> {
  /** The position of an item; `undefined` where it has none. Default: its own `seq`. */
  readonly cursor?: (item: T) => C | undefined;
  /** Upper bound of the first wait. Default 500. */
  readonly minMs?: number;
  /** Upper bound of every wait of our own. Default 30 000. */
  readonly maxMs?: number;
  /** How long the server asks to wait, if the error says so: waited instead. Default: errors say nothing. */
  readonly retryAfterMs?: (error: unknown) => number | undefined;
  /** Most times in a row that it is opened again. Default `Infinity`. */
  readonly maxRetries?: number;
  /**
   * How long a source must have lasted, from its first item, for those lost before it to be forgotten. With 0 one item is
   * enough; then a server that sends one and dies is asked again and again after the first wait. Default 0.
   */
  readonly resetAfterMs?: number;
  /** Whether an error is worth another try. Default: every one is. */
  readonly retryOn?: (error: unknown, context: ResumeContext<C>) => boolean;
  /** Whether completion is the end, or one more loss. Default `end`. */
  readonly onComplete?: 'end' | 'retry';
  /** Hears `retry`, and `duplicate` of what came again. */
  readonly probe?: Probe;
  /** A number from 0 up to 1, not included. Default `Math.random`. */
  readonly random?: () => number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Makes one stream of a source that may be lost: opens it again where it was, after a wait.
 *
 * Waits are random between 0 and a bound that doubles from `minMs` to `maxMs`, so that those who lost a server together do
 * not come back together. What an opened source repeats, up to the last position, is dropped: numbers are compared, any
 * other position must be the very last.
 *
 * - **Emits** every item at once, none twice.
 * - **Errors** with the source's error when `retryOn` says no or `maxRetries` are used up; with `callback-failed` when a
 *   function of yours throws, `connect` among them, or `retryAfterMs` gives no time.
 * - **Completes** with the source; with `onComplete: 'retry'` only when `maxRetries` are used up.
 * - **Holds** one position, and one timer while it waits.
 *
 * @example
 * // first connect()    -a-b#
 * // second connect()          -c|   after a wait of 3, told of b's position
 * // resume(connect)    -a-b----c|
 * resume(({ cursor, signal }) => fromPull(events(url, { lastEventId: cursor, signal })), { cursor: ({ id }) => id });
 *
 * @param connect - opens the source behind a position
 */
export function resume<T, C>(
  connect: (context: ResumeContext<C>) => ObservableInput<T>,
  options: ResumeOptions<T, C> & Required<Pick<ResumeOptions<T, C>, 'cursor'>>,
): Observable<T>;
export function resume<T extends Pick<Chunk, 'seq'> | Notice>(
  connect: (context: ResumeContext<number>) => ObservableInput<T>,
  options?: ResumeOptions<T>,
): Observable<T>;
export function resume<T, C>(
  connect: (context: ResumeContext<C>) => ObservableInput<T>,
  options: ResumeOptions<T, C> = {},
): Observable<T> {
  if (typeof connect !== 'function') throw new TypeError(`connect must be a function, got ${kindOf(connect)}`);
  const { minMs = 500, maxMs = 30_000, maxRetries = Infinity, resetAfterMs = 0, onComplete = 'end' } = options;
  checkBound('minMs', minMs);
  checkBound('maxMs', maxMs, { min: minMs, max: longestTimer });
  checkBound('maxRetries', maxRetries, { min: 0, infinite: true });
  checkBound('resetAfterMs', resetAfterMs, { min: 0 });
  if (onComplete !== 'end' && onComplete !== 'retry') throw new TypeError('onComplete must be "end" or "retry"');
  for (const name of ['cursor', 'retryAfterMs', 'retryOn', 'random'] as const) {
    const callback = options[name];
    if (callback === undefined || typeof callback === 'function') continue;
    throw new TypeError(`${name} must be a function, got ${kindOf(callback)}`);
  }
  const rules = { ...options, minMs, maxMs, maxRetries, resetAfterMs, onComplete };
  return new Observable((destination) => new Resume(destination, connect, rules).start());
}

type Rules<T, C> = ResumeOptions<T, C> &
  Required<Pick<ResumeOptions<T, C>, 'minMs' | 'maxMs' | 'maxRetries' | 'resetAfterMs' | 'onComplete'>>;

const operator = 'resume';

/** What a timer can count, in milliseconds. A longer one would ring at once. */
const longestTimer = 2 ** 31 - 1;

/** The stream as a whole: where it is, and how often in a row its source was lost. */
class Resume<T, C> {
  cursor: C | undefined;
  readonly scheduler: SchedulerLike;
  readonly cursorOf: (item: T) => C | undefined;
  private attempt = 0;
  private timer: Subscription | undefined;

  constructor(
    private readonly destination: Subscriber<T>,
    private readonly connect: (context: ResumeContext<C>) => ObservableInput<T>,
    readonly rules: Rules<T, C>,
  ) {
    this.scheduler = rules.scheduler ?? asyncScheduler;
    // Without `cursor`, `C` is number: the overloads see to that.
    this.cursorOf = rules.cursor ?? (ownSeq as (item: T) => C | undefined);
  }

  /** Opens the source for the first time. */
  start(): () => void {
    // As in `operate`: a closed destination would release a stage half made.
    if (!this.destination.closed) this.open();
    return () => this.timer?.unsubscribe();
  }

  /** The source is no more: after a wait it is opened again, or this is the end. */
  lost(opened: Opened<T, C>, failure: { readonly error: unknown } | undefined): void {
    if (opened.lasted()) this.attempt = 0;
    let delayMs: number | undefined;
    try {
      if (this.isWorthATry(opened.context, failure)) delayMs = this.delay(failure);
    } catch (error) {
      return this.destination.error(callbackError(operator, error));
    }
    if (delayMs === undefined) {
      if (failure === undefined) this.destination.complete();
      else this.destination.error(failure.error);
      return;
    }
    this.attempt++;
    tell(this.rules.probe, { type: 'retry', attempt: this.attempt, delayMs, operator });
    if (!this.destination.closed) this.timer = this.scheduler.schedule(() => this.open(), delayMs);
  }

  private open(): void {
    const controller = new AbortController();
    const context = { cursor: this.cursor, attempt: this.attempt, signal: controller.signal };
    const opened = new Opened(this.destination, this, context, controller);
    try {
      from(this.connect(context)).subscribe(opened);
    } catch (error) {
      // A function that throws is a defect: opening it again would not mend it.
      this.destination.error(callbackError(operator, error));
    }
  }

  private isWorthATry(context: ResumeContext<C>, failure: { readonly error: unknown } | undefined): boolean {
    const { retryOn, maxRetries, onComplete } = this.rules;
    if (failure === undefined ? onComplete === 'end' : retryOn?.(failure.error, context) === false) return false;
    return this.attempt < maxRetries;
  }

  private delay(failure: { readonly error: unknown } | undefined): number {
    const { minMs, maxMs, retryAfterMs, random = Math.random } = this.rules;
    const asked = failure === undefined ? undefined : retryAfterMs?.(failure.error);
    if (asked === undefined) return random() * Math.min(maxMs, minMs * 2 ** this.attempt);
    if (asked >= 0) return Math.min(asked, longestTimer);
    const message = `resume: retryAfterMs must return a number of at least 0, got ${kindOf(asked)}`;
    throw new StreamError('callback-failed', message, { operator });
  }
}

/** The source, opened once. */
class Opened<T, C> extends Stage<T> {
  private firstAt: number | undefined;
  /** Whether nothing beyond the last position has come yet. */
  private behind: boolean;

  constructor(
    destination: Subscriber<T>,
    private readonly stream: Resume<T, C>,
    readonly context: ResumeContext<C>,
    private readonly controller: AbortController,
  ) {
    super(destination);
    this.behind = context.cursor !== undefined;
  }

  /** Whether it lasted long enough for those lost before it to be forgotten. */
  lasted(): boolean {
    const { stream, firstAt } = this;
    return firstAt !== undefined && stream.scheduler.now() - firstAt >= stream.rules.resetAfterMs;
  }

  protected override _next(item: T): void {
    const { stream } = this;
    let cursor: C | undefined;
    try {
      cursor = stream.cursorOf(item);
    } catch (error) {
      return this.destination.error(callbackError(operator, error));
    }
    if (cursor !== undefined) {
      if (this.behind && isSeen(cursor, stream.cursor)) return this.drop(cursor);
      this.behind = false;
      stream.cursor = cursor;
    }
    this.firstAt ??= stream.scheduler.now();
    this.destination.next(item);
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.stream.lost(this, { error });
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.stream.lost(this, undefined);
  }

  protected override release(): void {
    this.controller.abort();
  }

  private drop(cursor: C): void {
    const seq = typeof cursor === 'number' ? cursor : undefined;
    tell(this.stream.rules.probe, { type: 'duplicate', seq, operator });
  }
}

/** Whether an item at this position is one of those up to the last, as far as one can tell. */
function isSeen(cursor: unknown, last: unknown): boolean {
  const ordered = typeof cursor === typeof last && (typeof cursor === 'number' || typeof cursor === 'bigint');
  return ordered ? (cursor as number) <= (last as number) : cursor === last;
}
