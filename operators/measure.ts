import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { Alarm } from './alarm.js';
import { itemSize } from './item-size.js';
import { callbackError, operate, Stage, tell } from './operate.js';

/** Options of {@link measure}. */
export interface MeasureOptions<T> {
  /** Gets the `measure` events. */
  readonly probe: Probe;
  /** Time between two events while items come. Default 250. */
  readonly everyMs?: number;
  /** Bytes an item counts for. Default: its own `size`, 0 where it has none. */
  readonly size?: (item: T) => number;
  /**
   * How long an item has been on its way at `nowMs`, `undefined` when it cannot be told. Asked for one item in each
   * period, its first. Default: since the item's own `timestamp`.
   */
  readonly latency?: (item: T, nowMs: number) => number | undefined;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Reports how much flows, and how fast, without touching it.
 *
 * A `measure` event comes `everyMs` after the first item and so on while items come, and once more when a period brought
 * none. Its rates are those of the period. The final event, `done: true`, comes exactly once, however the stream ends; its
 * rates are those of the whole time. Rates are 0 where no time has passed.
 *
 * - **Emits** every item at once.
 * - **Errors** with `callback-failed` when `size` or `latency` throws; with the source.
 * - **Completes** with the source.
 * - **Holds** nothing, and one timer while items come. The clock is read for no item but the first of a period.
 *
 * @example
 * // source                    -ab--------|
 * // measure({ everyMs: 4 })   -ab--------|
 * // events                    -----x---y-z   x: 2 chunks, 500 a second  y: 2, 0 a second  z: 2, done
 * chunks$.pipe(measure({ probe: (event) => render(event) }));
 */
export function measure<T>(options: MeasureOptions<T>): MonoTypeOperatorFunction<T> {
  const { everyMs = 250 } = options;
  checkBound('everyMs', everyMs);
  return operate((destination) => new Measure(destination, { ...options, everyMs }));
}

class Measure<T> extends Stage<T> {
  private readonly scheduler: SchedulerLike;
  private readonly size: ((item: T) => number) | undefined;
  private readonly alarm: Alarm;
  private readonly subscribedAt: number;
  private chunks = 0;
  private bytes = 0;
  private latencyMs: number | undefined;
  /** Whether the period has brought an item. */
  private busy = false;
  private periodStart = 0;
  private chunksBefore = 0;
  private bytesBefore = 0;

  constructor(
    destination: Subscriber<T>,
    private readonly options: MeasureOptions<T> & { readonly everyMs: number },
  ) {
    super(destination);
    this.size = options.size;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.alarm = new Alarm(this.scheduler, () => this.endPeriod());
    this.subscribedAt = this.scheduler.now();
  }

  protected override _next(item: T): void {
    try {
      const bytes = itemSize('measure', this.size, item);
      if (!this.busy) this.beginPeriod(item);
      this.chunks++;
      this.bytes += bytes;
    } catch (error) {
      return this.fail(callbackError('measure', error));
    }
    this.destination.next(item);
  }

  protected override release(): void {
    this.alarm.cancel();
    this.chunksBefore = 0;
    this.bytesBefore = 0;
    this.report(this.scheduler.now() - this.subscribedAt, true);
  }

  private beginPeriod(item: T): void {
    const now = this.scheduler.now();
    this.latencyMs = (this.options.latency ?? sinceTimestamp)(item, now);
    this.busy = true;
    if (this.alarm.pending) return;
    this.periodStart = now;
    this.alarm.set(this.options.everyMs);
  }

  private endPeriod(): void {
    const now = this.scheduler.now();
    this.report(now - this.periodStart, false);
    // Nothing came: the next item begins a period of its own, and until then no timer runs.
    if (!this.busy) return;
    this.busy = false;
    this.chunksBefore = this.chunks;
    this.bytesBefore = this.bytes;
    this.periodStart = now;
    this.alarm.set(this.options.everyMs);
  }

  private report(elapsedMs: number, done: boolean): void {
    const perSecond = elapsedMs > 0 ? 1000 / elapsedMs : 0;
    tell(this.options.probe, {
      type: 'measure',
      chunks: this.chunks,
      bytes: this.bytes,
      chunksPerSecond: (this.chunks - this.chunksBefore) * perSecond,
      bytesPerSecond: (this.bytes - this.bytesBefore) * perSecond,
      latencyMs: this.latencyMs,
      done,
      operator: 'measure',
    });
  }
}

function sinceTimestamp(item: unknown, nowMs: number): number | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { timestamp } = item as { timestamp?: unknown };
  return typeof timestamp === 'number' ? nowMs - timestamp : undefined;
}
