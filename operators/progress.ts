import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, kindOf } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { Alarm } from './alarm.js';
import { itemSize } from './item-size.js';
import { callbackError, operate, Stage, tell } from './operate.js';

/** Options of {@link progress}. */
export interface ProgressOptions<T> {
  /** Gets the `progress` events. */
  readonly probe: Probe;
  /** How much is to come, in `unit`: a number, or what the first item says. Default: nobody knows. */
  readonly total?: number | ((first: T) => number | undefined);
  /** What `total`, the rate and the time left are about. Default `bytes`. */
  readonly unit?: 'bytes' | 'items';
  /** Bytes an item counts for. Default: its own `size`, 0 where it has none. */
  readonly size?: (item: T) => number;
  /** Time between two events while items come. Default 250. */
  readonly everyMs?: number;
  /** Most items between two events. Default: any. */
  readonly everyItems?: number;
  /** Most bytes between two events. Default: any. */
  readonly everyBytes?: number;
  /** How much the latest rate counts against those before, above 0 and up to 1. Default 0.2. */
  readonly smoothing?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Reports how far a stream has come, how fast it goes on and how long it will take, without touching it: what a progress bar
 * shows. (`measure` is for what a chart shows.)
 *
 * A `progress` event comes `everyMs` after the first item and so on while items come, once more when a period brought none,
 * and as often as `everyItems` and `everyBytes` ask. The final event, `done: true`, comes exactly once and says how the
 * stream ended; its rate is that of the whole time. Rates are 0 where no time has passed.
 *
 * - **Emits** every item at once.
 * - **Errors** with `callback-failed` when `size` or `total` throws; with the source.
 * - **Completes** with the source.
 * - **Holds** nothing, and one timer while items come. The clock is read for events, not for items.
 *
 * @example
 * // source                                              -ab-------|
 * // progress({ unit: 'items', total: 4, everyMs: 3 })   -ab-------|
 * // events                                              ----x--y--z   x: 2 of 4, 4 ms left  y: 2 of 4, 5 ms  z: done
 * download$.pipe(progress({ total: contentLength, probe: (event) => bar.show(event) }));
 */
export function progress<T>(options: ProgressOptions<T>): MonoTypeOperatorFunction<T> {
  const { probe, total, unit = 'bytes', smoothing = 0.2 } = options;
  const { everyMs = 250, everyItems = Infinity, everyBytes = Infinity } = options;
  if (typeof probe !== 'function') throw new TypeError(`probe must be a function, got ${kindOf(probe)}`);
  if (unit !== 'bytes' && unit !== 'items') throw new TypeError('unit must be "bytes" or "items"');
  if (total !== undefined && typeof total !== 'function') checkBound('total', total, { min: 0, whole: false });
  checkBound('everyMs', everyMs);
  checkBound('everyItems', everyItems, { infinite: true });
  checkBound('everyBytes', everyBytes, { infinite: true });
  checkBound('smoothing', smoothing, { min: Number.MIN_VALUE, max: 1, whole: false });
  return operate(
    (destination) => new Progress(destination, { ...options, unit, smoothing, everyMs, everyItems, everyBytes }),
  );
}

type Rules<T> = ProgressOptions<T> &
  Required<Pick<ProgressOptions<T>, 'unit' | 'smoothing' | 'everyMs' | 'everyItems' | 'everyBytes'>>;

const operator = 'progress';

class Progress<T> extends Stage<T> {
  private readonly scheduler: SchedulerLike;
  private readonly size: ((item: T) => number) | undefined;
  private readonly alarm: Alarm;
  private readonly subscribedAt: number;
  private total: number | undefined;
  private items = 0;
  private bytes = 0;
  /** The counts at which the next event is due before its time. */
  private itemsDue: number;
  private bytesDue: number;
  /** Whether an item has come since the last event. */
  private busy = false;
  private lastAt: number;
  private lastCount = 0;
  private perSecond: number | undefined;
  private reason: 'complete' | 'error' | 'unsubscribe' = 'unsubscribe';

  constructor(
    destination: Subscriber<T>,
    private readonly rules: Rules<T>,
  ) {
    super(destination);
    this.scheduler = rules.scheduler ?? asyncScheduler;
    this.size = rules.size;
    this.alarm = new Alarm(this.scheduler, () => this.endPeriod());
    this.subscribedAt = this.scheduler.now();
    this.lastAt = this.subscribedAt;
    this.itemsDue = rules.everyItems;
    this.bytesDue = rules.everyBytes;
    if (typeof rules.total === 'number') this.total = rules.total;
  }

  protected override _next(item: T): void {
    try {
      const bytes = itemSize(operator, this.size, item);
      if (!this.busy) this.begin(item);
      this.items++;
      this.bytes += bytes;
    } catch (error) {
      return this.fail(callbackError(operator, error));
    }
    const due = this.items >= this.itemsDue || this.bytes >= this.bytesDue;
    this.destination.next(item);
    if (due && !this.closed) this.endPeriod();
  }

  protected override _error(error: unknown): void {
    this.reason = 'error';
    super._error(error);
  }

  protected override _complete(): void {
    this.reason = 'complete';
    super._complete();
  }

  protected override release(): void {
    this.alarm.cancel();
    const elapsedMs = this.scheduler.now() - this.subscribedAt;
    this.perSecond = elapsedMs > 0 ? (this.count() * 1000) / elapsedMs : 0;
    this.report(this.reason);
  }

  /** The first item of a period. */
  private begin(item: T): void {
    const { total, everyMs } = this.rules;
    if (typeof total === 'function' && this.items === 0) this.total = total(item);
    this.busy = true;
    if (!this.alarm.pending) this.alarm.set(everyMs);
  }

  private endPeriod(): void {
    const { everyMs, everyItems, everyBytes } = this.rules;
    this.measureRate();
    this.itemsDue = this.items + everyItems;
    this.bytesDue = this.bytes + everyBytes;
    // Nothing came: the next item begins a period of its own, and until then no timer runs.
    if (this.busy) this.alarm.set(everyMs);
    this.busy = false;
    this.report(undefined);
  }

  private measureRate(): void {
    const now = this.scheduler.now();
    const elapsedMs = now - this.lastAt;
    if (elapsedMs <= 0) return;
    const rate = ((this.count() - this.lastCount) * 1000) / elapsedMs;
    const { smoothing } = this.rules;
    this.perSecond = this.perSecond === undefined ? rate : smoothing * rate + (1 - smoothing) * this.perSecond;
    this.lastAt = now;
    this.lastCount = this.count();
  }

  private count(): number {
    return this.rules.unit === 'bytes' ? this.bytes : this.items;
  }

  private report(reason: 'complete' | 'error' | 'unsubscribe' | undefined): void {
    const { total, perSecond = 0, items, bytes } = this;
    const known = total !== undefined && perSecond > 0 && reason === undefined;
    tell(this.rules.probe, {
      type: 'progress',
      items,
      bytes,
      total,
      perSecond,
      leftMs: known ? (Math.max(0, total - this.count()) * 1000) / perSecond : undefined,
      done: reason !== undefined,
      reason,
      operator,
    });
  }
}
