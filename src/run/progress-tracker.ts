import { asyncScheduler, Observable, type SchedulerLike, Subject } from 'rxjs';
import { Alarm } from '../../operators/alarm.js';
import { checkBound, StreamError } from '../chunk/index.js';
import {
  fractionOf,
  Item,
  type ProgressHost,
  type ProgressItem,
  type ProgressItemOptions,
  type ProgressItemSnapshot,
} from './progress-item.js';

/** Options of {@link createProgress}. */
export interface ProgressTrackerOptions {
  /** Shortest time between two snapshots while items only advance. Default 250. */
  readonly everyMs?: number;
  /** How much the latest pace counts against those before, above 0 and up to 1. Default 0.2. */
  readonly smoothing?: number;
  /** Items, parts included, at the same time; one more is `limit-reached`. Default 10 000. */
  readonly maxItems?: number;
  /** Items that are over and still shown; the oldest go first, with their parts. Default 100. */
  readonly keepOver?: number;
  /** The clock, and when snapshots are made. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** A number from 0 up to 1, for waits before retries. Default `Math.random`. */
  readonly random?: () => number;
}

/** How far everything is. */
export interface ProgressSnapshot {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** How far all items are together, by their weights, from 0 to 1. */
  readonly fraction: number;
  readonly percent: number;
  /** Items that are not over, parts not counted. */
  readonly active: number;
  readonly items: readonly ProgressItemSnapshot[];
}

/** Keeps track of what is being done. */
export interface ProgressTracker extends AsyncDisposable {
  /** Begins an item. */
  item(name: string, options?: ProgressItemOptions): ProgressItem;
  /** How far everything is now, and then whenever that has changed. Completes when the tracker is disposed of. */
  readonly snapshots: Observable<ProgressSnapshot>;
  /** How far everything is now. */
  snapshot(): ProgressSnapshot;
  /** A client is gone: what belongs to it is cancelled, fails or is kept, as its `onDisconnect` says. */
  disconnect(owner: string, reason?: string): void;
  /** Cancels what is not done, waits for what `run` has begun, and completes `snapshots`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Keeps track of how far things are: items with parts, each with its percent, pace and time left, as snapshots of the whole.
 *
 * @example
 * await using progress = createProgress();
 * progress.snapshots.subscribe(({ percent }) => bar.show(percent));
 * await using download = progress.item('download', { total: bytes, owner: clientId });
 * await download.run(async ({ signal }) => {
 *   for await (const piece of fetchPieces(url, { signal })) download.advance(piece.byteLength);
 * });
 */
export function createProgress(options: ProgressTrackerOptions = {}): ProgressTracker {
  return new Tracker(options);
}

class Tracker implements ProgressTracker, ProgressHost {
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  readonly smoothing: number;
  private readonly everyMs: number;
  private readonly maxItems: number;
  private readonly keepOver: number;
  private readonly alarm: Alarm;
  private readonly subject = new Subject<ProgressSnapshot>();
  private roots: Item[] = [];
  private count = 0;
  private busy = false;
  private isOver = false;

  constructor(options: ProgressTrackerOptions) {
    this.everyMs = checkBound('everyMs', options.everyMs ?? 250);
    this.smoothing = checkBound('smoothing', options.smoothing ?? 0.2, { min: Number.MIN_VALUE, max: 1, whole: false });
    this.maxItems = checkBound('maxItems', options.maxItems ?? 10_000);
    this.keepOver = checkBound('keepOver', options.keepOver ?? 100, { min: 0 });
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.random = options.random ?? Math.random;
    this.alarm = new Alarm(this.scheduler, () => this.endPeriod());
  }

  readonly snapshots = new Observable<ProgressSnapshot>((destination) => {
    destination.next(this.snapshot());
    return this.subject.subscribe(destination);
  });

  item(name: string, options: ProgressItemOptions = {}): ProgressItem {
    if (this.isOver) throw new StreamError('run-cancelled', 'the tracker was disposed of');
    const item = new Item(name, options, undefined, this);
    this.roots.push(item);
    return item;
  }

  admit(): void {
    if (this.count >= this.maxItems) this.tidy();
    if (this.count >= this.maxItems) throw new StreamError('limit-reached', `there are ${this.maxItems} items already`);
    this.count++;
  }

  changed(soon: boolean): void {
    this.busy = true;
    if (soon || !this.alarm.pending) this.alarm.set(soon ? 0 : this.everyMs);
  }

  private endPeriod(): void {
    this.tidy();
    const now = this.scheduler.now();
    for (const root of this.roots) root.measure(now);
    // Nothing came: the next change begins a period of its own, and until then no timer runs.
    if (this.busy) this.alarm.set(this.everyMs);
    this.busy = false;
    this.subject.next(this.snapshot());
  }

  /** Lets go of the oldest of those that are over. */
  private tidy(): void {
    let over = this.roots.filter(({ status }) => status !== 'active').length;
    this.roots = this.roots.filter((root) => root.status === 'active' || over-- <= this.keepOver);
    this.count = this.roots.reduce((sum, { size }) => sum + size, 0);
  }

  snapshot(): ProgressSnapshot {
    const now = this.scheduler.now();
    const fraction = fractionOf(this.roots);
    return {
      timestamp: now,
      fraction,
      percent: fraction * 100,
      active: this.roots.filter(({ status }) => status === 'active').length,
      items: this.roots.map((root) => root.snapshot(now)),
    };
  }

  disconnect(owner: string, reason = `client "${owner}" has disconnected`): void {
    for (const root of this.roots) root.disconnected(owner, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isOver) {
      for (const root of this.roots) root.cancel('it was left before it was done');
      this.isOver = true;
      this.alarm.cancel();
    }
    await Promise.all(this.roots.map(async (root) => await root.settled()));
    this.subject.next(this.snapshot());
    this.subject.complete();
  }
}
