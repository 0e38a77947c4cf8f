import { asyncScheduler, type OperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { itemSize } from './item-size.js';
import { operate, Stage } from './operate.js';

/** Options of {@link batch}: at least one of the three bounds. */
export interface BatchOptions<T> {
  /** Most items in a batch. Default `Infinity`. */
  readonly maxItems?: number;
  /** Most bytes in a batch, except that an item beyond it goes alone. Default `Infinity`. */
  readonly maxBytes?: number;
  /** Bytes an item counts for. Default: its own `size`, 0 where it has none. Called only where `maxBytes` is given. */
  readonly size?: (item: T) => number;
  /** Longest an item is held, counted from the first of its batch. Default `Infinity`. */
  readonly maxDelayMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Gathers items into batches, so that what follows pays once for many.
 *
 * - **Emits** a batch, never an empty one: at once when it is full, before an item that would not fit, `maxDelayMs` after
 *   its first item, and what is left before the completion or an error. The array is the consumer's to keep.
 * - **Errors** with `callback-failed` when `size` throws or gives no number; with the source.
 * - **Completes** with the source.
 * - **Holds** at most `maxItems` items and `maxBytes` bytes; with `maxDelayMs` alone what comes in that time. One timer.
 *
 * @example
 * // source                       -ab------c-|
 * // batch({ maxDelayMs: 4 })     -----x-----(y|)   x: [a, b]  y: [c]
 * // batch({ maxItems: 2 })       --x--------(y|)
 * chunks$.pipe(batch({ maxItems: 64, maxBytes: 65_536, maxDelayMs: 5 }));
 */
export function batch<T>(options: BatchOptions<T>): OperatorFunction<T, readonly T[]> {
  const { maxItems = Infinity, maxBytes = Infinity, maxDelayMs = Infinity } = options;
  checkBound('maxItems', maxItems, { infinite: true });
  checkBound('maxBytes', maxBytes, { infinite: true });
  checkBound('maxDelayMs', maxDelayMs, { infinite: true });
  if (maxItems === Infinity && maxBytes === Infinity && maxDelayMs === Infinity) {
    throw new TypeError('batch needs maxItems, maxBytes or maxDelayMs');
  }
  return operate((destination) => new Batch(destination, { ...options, maxItems, maxBytes, maxDelayMs }));
}

type Bounds<T> = BatchOptions<T> & Required<Pick<BatchOptions<T>, 'maxItems' | 'maxBytes' | 'maxDelayMs'>>;

class Batch<T> extends Stage<T, readonly T[]> {
  private items: T[] = [];
  private bytes = 0;
  private readonly maxItems: number;
  private readonly maxBytes: number;
  private readonly alarm: Alarm | undefined;

  constructor(
    destination: Subscriber<readonly T[]>,
    private readonly options: Bounds<T>,
  ) {
    super(destination);
    const { maxItems, maxBytes, maxDelayMs, scheduler = asyncScheduler } = options;
    this.maxItems = maxItems;
    this.maxBytes = maxBytes;
    this.alarm = maxDelayMs === Infinity ? undefined : new Alarm(scheduler, () => this.flush());
  }

  protected override _next(item: T): void {
    if (this.maxBytes !== Infinity) return this.weigh(item);
    if (this.items.length === 0) this.alarm?.set(this.options.maxDelayMs);
    if (this.items.push(item) >= this.maxItems) this.flush();
  }

  protected override _error(error: unknown): void {
    // What has been received is not lost by our holding it.
    this.flush();
    if (!this.closed) super._error(error);
  }

  protected override _complete(): void {
    this.flush();
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.alarm?.cancel();
    this.items = [];
  }

  private weigh(item: T): void {
    let size: number;
    try {
      size = itemSize('batch', this.options.size, item);
    } catch (error) {
      return this.fail(error);
    }
    if (this.bytes + size > this.maxBytes) return this.flushBefore(item, size);
    if (this.items.length === 0) this.alarm?.set(this.options.maxDelayMs);
    this.bytes += size;
    if (this.items.push(item) >= this.maxItems || this.bytes === this.maxBytes) this.flush();
  }

  /** The item begins the next batch before this one goes out: what its consumer feeds back comes behind it. */
  private flushBefore(item: T, size: number): void {
    const { items } = this;
    this.items = [item];
    this.bytes = size;
    this.alarm?.set(this.options.maxDelayMs);
    if (items.length > 0) this.destination.next(items);
    if (this.bytes >= this.maxBytes || this.items.length >= this.maxItems) this.flush();
  }

  private flush(): void {
    const { items } = this;
    if (items.length === 0) return;
    this.items = [];
    this.bytes = 0;
    this.destination.next(items);
  }
}
