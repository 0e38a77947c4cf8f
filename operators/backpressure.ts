import type { ObservableInput, OperatorFunction, Subscriber } from 'rxjs';
import { checkBound, type Gap } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { intake } from './intake.js';
import { Job, type JobOwner } from './job.js';
import { LossyStage } from './lossy.js';
import { operate } from './operate.js';
import { checkOverflow, type WaitingRules } from './waiting-line.js';

/** What happens to an item when as many wait as may. */
export type Overflow = 'error' | 'drop-oldest' | 'drop-newest' | 'replace-newest' | 'latest' | 'batch';

/** How many items may wait, and what becomes of one more. */
export interface OverflowOptions<T = unknown> {
  /**
   * Items that may wait. Default 16; 1 for `latest`, where no other is allowed. 0 with `error` and `drop-newest` only.
   * With `error`, the replay of a `fanOut` directly before does not count, and waits beside them.
   */
  readonly capacity?: number;
  /**
   * What to do when one more comes:
   *
   * - `error` ends the stream;
   * - `drop-oldest` lets go of the one that waited longest, `drop-newest` of the one that came;
   * - `replace-newest` puts the one that came in the place of the youngest waiting;
   * - `latest` keeps only the newest: `drop-oldest` where one may wait;
   * - `batch` makes one item of the youngest waiting and the one that came, with `merge`: nothing is lost.
   *
   * Default `error`.
   */
  readonly overflow?: Overflow;
  /** Makes one item of the youngest waiting and the one that came. Required with `batch`. */
  readonly merge?: (waiting: T, item: T) => T;
  /** Most items made one; with one more the stream ends, as with `error`. Default 1024. */
  readonly maxMerged?: number;
  /**
   * Whether to emit a `Gap` where dropped chunks would have had their turn. Items without a `seq` are not announced.
   * Default `false`.
   */
  readonly announce?: boolean;
  /** Gets a `dropped` event for every item let go, and a `gap` event for every gap announced. */
  readonly probe?: Probe;
}

/** Options of {@link backpressure}. */
export interface BackpressureOptions<T = unknown> extends OverflowOptions<T> {
  /** Items worked on at a time. Above 1 results come as they are ready, not in order. Default 1. */
  readonly concurrency?: number;
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
 * - **Errors** with `overflow` when as many wait as may and nothing may be lost, or merged; with `callback-failed` when `project`
 *   or `merge` throws, or `project` gives nothing to subscribe to; with what it gave; with the source. What waits and runs is
 *   given up.
 * - **Completes** when the source has and everything is done.
 * - **Holds** at most `capacity` items, and `concurrency` in work.
 *
 * @example
 * // source                                            abcdef|
 * // backpressure(3 ms, { overflow: 'latest' })        ---a--d--(f|)
 * // backpressure(3 ms, { overflow: 'batch', … })      ---a--x--(y|)     one may wait; x: bcd  y: ef
 * chunks$.pipe(backpressure((chunk) => save(chunk), { capacity: 64, overflow: 'drop-oldest', announce: true }));
 */
export function backpressure<T, R>(
  project: Work<T, R>,
  options?: BackpressureOptions<NoInfer<T>> & { readonly announce?: false },
): OperatorFunction<T, R>;
export function backpressure<T, R>(
  project: Work<T, R>,
  options: BackpressureOptions<NoInfer<T>>,
): OperatorFunction<T, R | Gap>;
export function backpressure<T, R>(
  project: Work<T, R>,
  options: BackpressureOptions<T> = {},
): OperatorFunction<T, R | Gap> {
  const rules = checkOverflow(options);
  const concurrency = checkBound('concurrency', options.concurrency ?? 1, { infinite: true });
  const work = operate<T, R | Gap>((destination) => new Backpressure(destination, project, concurrency, rules));
  return (source) => work(intake<T>()(source));
}

class Backpressure<T, R> extends LossyStage<T, R> implements JobOwner {
  private running = 0;
  private draining = false;
  private completed = false;

  constructor(
    destination: Subscriber<R | Gap>,
    private readonly project: Work<T, R>,
    private readonly concurrency: number,
    rules: WaitingRules<T>,
  ) {
    super(destination, 'backpressure', rules);
  }

  protected override _next(item: T): void {
    // A free slot counts as room: while the loop below runs, what came first may still stand before it.
    this.wait(item, this.concurrency - this.running);
    this.drain();
  }

  protected override _complete(): void {
    this.completed = true;
    this.drain();
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
    const gaps = this.takeGaps();
    for (const gap of gaps) {
      if (!this.closed) this.destination.next(gap);
    }
    if (gaps.length > 0) return true;
    if (this.line.length === 0) return false;
    this.begin(this.line.take());
    return true;
  }

  private begin(item: T): void {
    this.running++;
    try {
      new Job<R, R | Gap>(this.destination, this).start('backpressure', this.project, item);
    } catch (error) {
      this.fail(error);
    }
  }
}
