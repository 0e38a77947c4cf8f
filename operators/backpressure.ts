import { from, type Observable, type ObservableInput, type OperatorFunction, type Subscriber } from 'rxjs';
import { checkBound, type Gap, kindOf, StreamError } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { Losses } from './losses.js';
import { streamOf } from './numbered.js';
import { callbackError, operate, Stage, tell } from './operate.js';
import { Ring } from './ring.js';

/** What happens to an item when the queue is full. */
export type Overflow = 'error' | 'drop-oldest' | 'drop-newest' | 'latest';

/** Options of {@link backpressure}. */
export interface BackpressureOptions {
  /** Items worked on at a time. Above 1 results come as they are ready, not in order. Default 1. */
  readonly concurrency?: number;
  /** Items that may wait. Default 16; 1 for `latest`, where no other is allowed. At least 1 for `drop-oldest`. */
  readonly capacity?: number;
  /**
   * What to do when one more comes: `error` ends the stream; `drop-oldest` lets go of the one that waited longest,
   * `drop-newest` of the one that came; `latest` keeps only the newest waiting. Default `error`.
   */
  readonly overflow?: Overflow;
  /**
   * Whether to emit a `Gap` where dropped chunks would have had their turn. Items without a `seq` are not announced.
   * Default `false`.
   */
  readonly announce?: boolean;
  /** Gets a `dropped` event for every item let go, and a `gap` event for every gap announced. */
  readonly probe?: Probe;
}

/** What is handed to the work besides the item. */
export interface WorkContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Works on one item: answers with an observable, a promise or an iterable of results. */
export type Work<T, R> = (item: T, context: WorkContext) => ObservableInput<R>;

/**
 * Works on items asynchronously, and decides what becomes of those that come faster than the work is done. RxJS can tell
 * no source to wait, so the queue stands here, before the work, and has a bound.
 *
 * It treats every item alike: put it behind `unwrap` when notices travel with the chunks.
 *
 * - **Emits** the results of `project`, in order with `concurrency` 1; with `announce` a `Gap` for what was dropped. An item
 *   that finds nothing waiting and the work idle is begun at once.
 * - **Errors** with `overflow` when `overflow` is `error` and the queue is full; with `callback-failed` when `project` throws
 *   or gives nothing to subscribe to; with what it gave; with the source. What waits and runs is given up.
 * - **Completes** when the source has and everything is done.
 * - **Holds** at most `capacity` items, and `concurrency` in work.
 *
 * @example
 * // source                                            abcdef|
 * // backpressure(3 ms, { overflow: 'latest' })        ---a--d--(f|)
 * chunks$.pipe(backpressure((chunk) => save(chunk), { capacity: 64, overflow: 'drop-oldest', announce: true }));
 */
export function backpressure<T, R>(
  project: Work<T, R>,
  options?: BackpressureOptions & { readonly announce?: false },
): OperatorFunction<T, R>;
export function backpressure<T, R>(project: Work<T, R>, options: BackpressureOptions): OperatorFunction<T, R | Gap>;
export function backpressure<T, R>(
  project: Work<T, R>,
  options: BackpressureOptions = {},
): OperatorFunction<T, R | Gap> {
  const limits = checkOptions(options);
  const work = operate<T, R | Gap>((destination) => new Backpressure(destination, project, limits));
  const intake = operate<T>((destination) => new Intake(destination));
  return (source) => work(intake(source));
}

type Limits = Required<Omit<BackpressureOptions, 'probe'>> & Pick<BackpressureOptions, 'probe'>;

const overflows: readonly unknown[] = ['error', 'drop-oldest', 'drop-newest', 'latest'] satisfies Overflow[];

function checkOptions(options: BackpressureOptions): Limits {
  const { overflow = 'error', concurrency = 1, announce = false, probe } = options;
  if (!overflows.includes(overflow)) {
    throw new TypeError(`overflow must be one of ${overflows.join(', ')}, got ${kindOf(overflow)}`);
  }
  const latest = overflow === 'latest';
  const { capacity = latest ? 1 : 16 } = options;
  const max = latest ? { max: 1 } : { infinite: true };
  checkBound('capacity', capacity, { min: overflow === 'drop-oldest' || latest ? 1 : 0, ...max });
  checkBound('concurrency', concurrency, { infinite: true });
  return { overflow, concurrency, capacity, announce, ...(probe === undefined ? {} : { probe }) };
}

/** Stands before the queue only to let the source go when it completes, while the queue goes on. */
class Intake<T> extends Stage<T> {}

class Backpressure<T, R> extends Stage<T, R | Gap> {
  private readonly concurrency: number;
  /** What waits, and behind it what was lost there. */
  private readonly queue = new Ring<T | Losses>(Infinity);
  /** Items in the queue, without the losses. */
  private waiting = 0;
  /** What was lost before the first that waits. */
  private lostBefore: Losses | undefined;
  private running = 0;
  private draining = false;
  private completed = false;

  constructor(
    destination: Subscriber<R | Gap>,
    private readonly project: Work<T, R>,
    private readonly limits: Limits,
  ) {
    super(destination);
    this.concurrency = limits.concurrency;
  }

  protected override _next(item: T): void {
    // A free slot counts as room: while the loop below runs, what came first may still stand before it.
    const slots = this.concurrency - this.running;
    if (this.waiting >= this.limits.capacity + slots) return this.overflow(item);
    this.enqueue(item);
    this.drain();
  }

  protected override _complete(): void {
    this.completed = true;
    this.drain();
  }

  protected override release(): void {
    this.queue.clear();
    this.lostBefore = undefined;
  }

  /** The work on one item is done. */
  done(): void {
    this.running--;
    this.drain();
  }

  /** The work on one item has failed. */
  failed(error: unknown): void {
    this.fail(error);
  }

  private enqueue(item: T): void {
    this.queue.push(item);
    this.waiting++;
  }

  /** Begins what can be begun. A loop, because work that is done at once would otherwise pile up on the stack. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    while (this.running < this.concurrency && !this.closed && this.step());
    this.draining = false;
    if (this.completed && this.running === 0 && !this.closed) super._complete();
  }

  /** Takes the next step, or says that there is none. */
  private step(): boolean {
    const { lostBefore } = this;
    if (lostBefore !== undefined) {
      this.lostBefore = undefined;
      this.announce(lostBefore);
      return true;
    }
    if (this.queue.length === 0) return false;
    const next = this.queue.shift()!;
    if (next instanceof Losses) {
      this.announce(next);
      return true;
    }
    this.waiting--;
    this.begin(next);
    return true;
  }

  private begin(item: T): void {
    this.running++;
    const job = new Job<R>(this.destination, this);
    let results: Observable<R>;
    try {
      results = from(checkResults(this.project(item, job.context)));
    } catch (error) {
      return this.fail(callbackError('backpressure', error));
    }
    // The work itself may have ended everything.
    if (!job.closed) results.subscribe(job);
  }

  private overflow(item: T): void {
    const { overflow, announce, probe } = this.limits;
    if (overflow === 'error') return this.fail(overflowError(item, this.limits.capacity));
    const newest = overflow === 'drop-newest';
    const dropped = newest ? item : this.replaceOldest(item);
    if (announce) (newest ? this.lostBehind() : (this.lostBefore ??= new Losses())).add(dropped);
    tell(probe, { type: 'dropped', value: dropped, operator: 'backpressure' });
  }

  private replaceOldest(item: T): T {
    const oldest = this.queue.shift() as T;
    this.queue.push(item);
    return oldest;
  }

  /** What was lost behind everything that waits. */
  private lostBehind(): Losses {
    const last = this.queue.at(this.queue.length - 1);
    if (last instanceof Losses) return last;
    const losses = new Losses();
    this.queue.push(losses);
    return losses;
  }

  private announce(losses: Losses): void {
    for (const gap of losses.gaps()) {
      if (this.closed) return;
      tell(this.limits.probe, {
        type: 'gap',
        from: gap.from,
        to: gap.to,
        reason: gap.reason,
        operator: 'backpressure',
      });
      this.destination.next(gap);
    }
  }
}

/** Work in progress on one item. Its results go straight on. */
class Job<R> extends Stage<R, R | Gap> {
  readonly context = new Context();
  /** Whether it ended by itself, so that there is nothing to abort. */
  private ended = false;

  constructor(
    destination: Subscriber<R | Gap>,
    private readonly owner: { done(): void; failed(error: unknown): void },
  ) {
    super(destination);
  }

  protected override _error(error: unknown): void {
    this.end();
    this.owner.failed(error);
  }

  protected override _complete(): void {
    this.end();
    this.owner.done();
  }

  protected override release(): void {
    if (!this.ended) this.context.abort();
  }

  private end(): void {
    this.ended = true;
    this.unsubscribe();
  }
}

class Context implements WorkContext {
  private controller: AbortController | undefined;
  private aborted = false;

  /** Made when it is asked for: few do, and it costs more than all the rest. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.aborted) this.controller.abort();
    return this.controller.signal;
  }

  abort(): void {
    this.aborted = true;
    this.controller?.abort();
  }
}

/** RxJS takes text and bytes apart into letters and numbers, which nobody means who returns a chunk's data. */
function checkResults<R>(results: ObservableInput<R>): ObservableInput<R> {
  if (typeof results !== 'string' && !ArrayBuffer.isView(results)) return results;
  throw new TypeError(`project must give an observable, a promise or an iterable, got ${kindOf(results)}`);
}

function overflowError(item: unknown, capacity: number): StreamError {
  const streamId = typeof item === 'object' && item !== null ? streamOf(item) : '';
  const message = `backpressure: ${capacity} items are waiting, as many as capacity allows`;
  return new StreamError('overflow', message, {
    operator: 'backpressure',
    ...(streamId === '' ? {} : { streamId }),
  });
}
