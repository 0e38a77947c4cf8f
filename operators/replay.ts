import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { itemSize } from './item-size.js';
import { Ring } from './ring.js';

/**
 * As `ReplayOptions` of `fanOut`, which says what they mean.
 *
 * @internal
 */
export interface ReplayBounds<T> {
  readonly count?: number;
  readonly bytes?: number;
  readonly maxAgeMs?: number;
  readonly size?: (item: T) => number;
}

/**
 * The newest items of a stream, within bounds. Old items go in constant time, by age with one timer for all: it is armed
 * only while something is kept.
 *
 * @internal
 */
export class Replay<T> {
  private readonly items: Ring<T>;
  private readonly sizes: Ring<number> | undefined;
  private readonly times: Ring<number> | undefined;
  private readonly maxBytes: number;
  private readonly maxAgeMs: number;
  private readonly alarm: Alarm;
  private bytes = 0;

  /** @throws TypeError or RangeError when a bound is none */
  constructor(
    private readonly operator: string,
    private readonly options: ReplayBounds<T>,
    private readonly scheduler: SchedulerLike = asyncScheduler,
  ) {
    const { count = Infinity, bytes = Infinity, maxAgeMs = Infinity } = options;
    checkBound('replay.count', count, { min: 0, infinite: true });
    checkBound('replay.bytes', bytes, { infinite: true });
    checkBound('replay.maxAgeMs', maxAgeMs, { infinite: true });
    if (options.count === undefined && bytes === Infinity && maxAgeMs === Infinity) {
      throw new TypeError(`${operator}: replay needs count, bytes or maxAgeMs`);
    }
    this.items = new Ring(count);
    if (bytes !== Infinity) this.sizes = new Ring(Infinity);
    if (maxAgeMs !== Infinity) this.times = new Ring(Infinity);
    this.maxBytes = bytes;
    this.maxAgeMs = maxAgeMs;
    this.alarm = new Alarm(scheduler, () => this.forget(), true);
  }

  get length(): number {
    return this.items.length;
  }

  /** The item at `index`, the oldest being 0. */
  at(index: number): T {
    return this.items.at(index)!;
  }

  /**
   * Keeps an item, and lets go of those that no longer have room.
   *
   * @throws StreamError `callback-failed` when `size` throws or gives no number
   */
  push(item: T): void {
    const size = this.sizes === undefined ? 0 : itemSize(this.operator, this.options.size, item);
    if (this.items.capacity === 0) return;
    if (this.items.full) this.shift();
    this.items.push(item);
    if (this.times !== undefined) this.date(this.times);
    if (this.sizes !== undefined) this.weigh(this.sizes, size);
  }

  /** Lets go of items that are too old, which a timer may not have noticed yet. */
  forget(): void {
    const { times } = this;
    if (times === undefined) return;
    const now = this.scheduler.now();
    while (times.length > 0 && this.tooOld(now - times.at(0)!)) this.shift();
    if (times.length === 0) this.alarm.cancel();
    else this.alarm.set(times.at(0)! + this.maxAgeMs - now);
  }

  clear(): void {
    this.items.clear();
    this.sizes?.clear();
    this.times?.clear();
    this.bytes = 0;
    this.alarm.cancel();
  }

  /** Also what comes from the future: the clock was put back, and nobody knows how old it is. */
  private tooOld(ageMs: number): boolean {
    return ageMs >= this.maxAgeMs || ageMs < 0;
  }

  private weigh(sizes: Ring<number>, size: number): void {
    sizes.push(size);
    this.bytes += size;
    while (this.bytes > this.maxBytes) this.shift();
  }

  private date(times: Ring<number>): void {
    times.push(this.scheduler.now());
    if (!this.alarm.pending) this.alarm.set(this.maxAgeMs);
  }

  private shift(): void {
    this.items.shift();
    this.times?.shift();
    if (this.sizes === undefined) return;
    this.bytes -= this.sizes.shift()!;
    // Sums of fractions drift, and an infinite size leaves NaN.
    if (this.sizes.length === 0) this.bytes = 0;
  }
}
