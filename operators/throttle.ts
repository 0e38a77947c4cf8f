import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  type OperatorFunction,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { checkBound, type Gap, kindOf, StreamError } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import type { OverflowOptions } from './backpressure.js';
import { intake } from './intake.js';
import { LossyStage } from './lossy.js';
import { callbackError, operate } from './operate.js';
import { Ring } from './ring.js';
import { TokenBucket } from './token-bucket.js';
import { checkOverflow, type WaitingRules } from './waiting-line.js';

/** Options of {@link throttle}. */
export interface ThrottleOptions<T = unknown> extends OverflowOptions<T> {
  /** How much may pass in a second, in the long run: items, or what `cost` counts. At least 0.001. */
  readonly perSecond: number;
  /** How much may pass at once after a pause. Default: as much as in a second, at least 1. */
  readonly burst?: number;
  /** What an item counts for: at least 0, and the same whenever it is asked. Default: 1. */
  readonly cost?: (item: T) => number;
  /**
   * What happens to an item that comes too fast. `shape`: it waits its turn, in a queue with the bounds given here. `enforce`: it
   * does not wait, `capacity` is 0, and `overflow` says what becomes of it: `error` or `drop-newest`. Default `shape`.
   */
  readonly mode?: 'shape' | 'enforce';
  /** Tells the time and keeps the one timer. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Limits how much passes in a time, by a bucket of tokens: it holds `burst` of them, `perSecond` come in a second, and each item
 * takes what it costs. One that costs more than `burst` passes when the bucket is full, and the next wait so much longer.
 *
 * It treats every item alike: put it behind `unwrap` when notices travel with the chunks.
 *
 * - **Emits** in order each item whose tokens are there, at once; in the mode `shape` the others as soon as theirs are; with
 *   `announce` a `Gap` for what was dropped, before the next item that passes, or at the end.
 * - **Errors** with `overflow` when an item is too fast in the mode `enforce`, or `capacity` wait in `shape`, and nothing may be
 *   lost, or merged; with `callback-failed` when `cost` or `merge` throws, or `cost` gives no number; with the source. What waits
 *   is given up.
 * - **Completes** when the source has and nothing waits.
 * - **Holds** at most `capacity` items. One timer, while something waits.
 *
 * @example
 * // source                                                          abc-----|
 * // throttle({ perSecond: 500, burst: 1 })                          a-b-c---|
 * // throttle({ …, mode: 'enforce', overflow: 'drop-newest' })       a-c-----|
 * frames$.pipe(throttle({ perSecond: 65_536, cost: ({ size }) => size, overflow: 'drop-oldest', announce: true }));
 */
export function throttle<T>(
  options: ThrottleOptions<NoInfer<T>> & { readonly announce?: false },
): MonoTypeOperatorFunction<T>;
export function throttle<T>(options: ThrottleOptions<NoInfer<T>>): OperatorFunction<T, T | Gap>;
export function throttle<T>(options: ThrottleOptions<T>): OperatorFunction<T, T | Gap> {
  const limits = limitsOf(options);
  const work = operate<T, T | Gap>((destination) => new Throttle(destination, limits));
  return (source) => work(intake<T>()(source));
}

interface Limits<T> {
  readonly perSecond: number;
  readonly burst: number;
  readonly cost: ((item: T) => number) | undefined;
  readonly scheduler: SchedulerLike;
  readonly waiting: WaitingRules<T>;
}

function limitsOf<T>(options: ThrottleOptions<T>): Limits<T> {
  const { mode = 'shape', perSecond, burst = Math.max(1, perSecond), cost, scheduler = asyncScheduler } = options;
  if (mode !== 'shape' && mode !== 'enforce') throw new TypeError('mode must be "shape" or "enforce"');
  return {
    perSecond: checkBound('perSecond', perSecond, { min: 0.001, whole: false }),
    burst: checkBound('burst', burst, { whole: false }),
    cost,
    scheduler,
    waiting: checkOverflow(mode === 'shape' ? options : enforcing(options)),
  };
}

/** Enforcing is shaping where nothing may wait. */
function enforcing<T>(options: ThrottleOptions<T>): OverflowOptions<T> {
  const { capacity = 0, overflow = 'error' } = options;
  if (overflow !== 'error' && overflow !== 'drop-newest') {
    throw new TypeError('overflow must be "error" or "drop-newest" when mode is "enforce"');
  }
  return { ...options, capacity: checkBound('capacity', capacity, { min: 0, max: 0 }) };
}

class Throttle<T> extends LossyStage<T> {
  private completed = false;
  /** What the item costs that was last asked about: the first that waits, if any does. */
  private price = 1;
  private readonly bucket: TokenBucket;
  private readonly alarm: Alarm;
  /** What is to be emitted within this call: what the consumer feeds in meanwhile comes behind it. */
  private readonly outbox = new Ring<T | Gap>(Infinity);

  constructor(
    destination: Subscriber<T | Gap>,
    private readonly limits: Limits<T>,
  ) {
    super(destination, 'throttle', limits.waiting);
    const { perSecond, burst, scheduler } = limits;
    this.bucket = new TokenBucket(perSecond, burst, scheduler);
    this.alarm = new Alarm(scheduler, () => this.drain());
  }

  protected override _next(item: T): void {
    if (this.line.length > 0) return this.queue(item);
    if (this.affords(item)) return this.pass(item);
    if (!this.closed) this.wait(item);
    this.arm();
  }

  protected override _complete(): void {
    this.completed = true;
    this.settle();
  }

  protected override release(): void {
    super.release();
    this.outbox.clear();
    this.alarm.cancel();
  }

  /** Emits an item that nothing waits before. */
  private pass(item: T): void {
    const gaps = this.takeGaps();
    if (gaps.length > 0 || this.outbox.length > 0) return this.emit([...gaps, item]);
    this.destination.next(item);
  }

  private queue(item: T): void {
    const { front } = this.line;
    this.wait(item);
    // Another may be the first now, and cost less.
    if (this.line.length > 0 && this.line.front !== front) this.drain();
  }

  /** Pays for an item, if that is possible. */
  private affords(item: T): boolean {
    const { cost } = this.limits;
    if (cost === undefined) return this.bucket.spend(this.price);
    try {
      this.price = checkCost(cost(item));
    } catch (error) {
      this.fail(callbackError('throttle', error));
      return false;
    }
    return this.bucket.spend(this.price);
  }

  private drain(): void {
    while (this.line.length > 0 && this.affords(this.line.front)) this.emit([...this.takeGaps(), this.line.take()]);
    this.arm();
    this.settle();
  }

  private arm(): void {
    if (this.line.length > 0) this.alarm.set(this.bucket.waitMs(this.price));
  }

  private settle(): void {
    if (!this.completed || this.closed || this.line.length > 0) return;
    this.emit(this.takeGaps());
    if (!this.closed) super._complete();
  }

  private emit(items: readonly (T | Gap)[]): void {
    for (const item of items) this.outbox.push(item);
    while (this.outbox.length > 0 && !this.closed) this.destination.next(this.outbox.shift()!);
  }
}

function checkCost(cost: number): number {
  if (cost >= 0 && cost < Infinity) return cost;
  const message = `throttle: cost must return a number of at least 0, got ${kindOf(cost)}`;
  throw new StreamError('callback-failed', message, { operator: 'throttle' });
}
