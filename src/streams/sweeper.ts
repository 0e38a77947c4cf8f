import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, StreamError, type StreamInfo } from '../chunk/index.js';
import { snapshots, subjectOf } from './snapshot-store.js';
import { steadyNow } from './steady-now.js';
import { staleReason, type Streams } from './streams.js';

/** Options of {@link createSweeper}. */
export interface SweeperOptions {
  /**
   * How long a stream may be active without a chunk. A stream says otherwise of itself with `'sluice.staleMs'` in the metadata
   * it is created with; `null` there is for ever. `Infinity`: only those that say so. Default 300 000.
   */
  readonly staleMs?: number;
  /** Time between two looks, and so how much later than that a stream may be given up. Default 30 000. */
  readonly everyMs?: number;
  /** Whether a stream's producer is known to live, though it says nothing: `reaper.holds`. Default: of none. */
  readonly holds?: (streamId: string) => boolean;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Ends the streams that nobody writes to any more. */
export interface Sweeper {
  /** Looks now, whenever the next look would be. */
  sweep(): Promise<void>;
  /** Looks no more. */
  dispose(): void;
}

/** In a stream's metadata: how long it may be active without a chunk. */
export const staleKey = 'sluice.staleMs';

/** Streams of our own: they end with what they are about. */
const own = 'sluice/';

/**
 * Ends streams that have been active without a chunk for too long as `failed`, reason `stale`, so that no reader waits for a
 * producer that has forgotten them. Removes snapshots, too, whose stream is gone.
 *
 * It goes by what it sees itself, not by the clocks of others: a stream is stale when nothing was appended between two looks that
 * are so far apart, and after a restart all count anew. Any number of sweepers may look at the same log: a stream is only ended
 * where it was seen, so that a chunk that comes at the last moment keeps it alive.
 */
export function createSweeper(streams: Streams, options: SweeperOptions = {}): Sweeper {
  return new StreamSweeper(streams, options);
}

/** A stream as it was when it was first seen like this. */
interface Sight {
  readonly createdAt: number;
  readonly next: number;
  readonly since: number;
}

class StreamSweeper implements Sweeper {
  private readonly staleMs: number;
  private readonly everyMs: number;
  private readonly holds: (streamId: string) => boolean;
  private readonly scheduler: SchedulerLike;
  private readonly now: () => number;
  private sights: ReadonlyMap<string, Sight> = new Map();
  private timer: Subscription | undefined;
  private disposed = false;

  constructor(
    private readonly streams: Streams,
    { staleMs = 300_000, everyMs = 30_000, holds = () => false, scheduler = asyncScheduler }: SweeperOptions,
  ) {
    this.staleMs = checkBound('staleMs', staleMs, { infinite: true });
    this.everyMs = checkBound('everyMs', everyMs, { max: 2 ** 31 - 1 });
    this.holds = holds;
    this.scheduler = scheduler;
    this.now = steadyNow(scheduler);
    this.arm();
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.unsubscribe();
  }

  private arm(): void {
    if (this.disposed) return;
    this.timer = this.scheduler.schedule(() => void this.sweepAgain(), this.everyMs);
  }

  private async sweepAgain(): Promise<void> {
    try {
      await this.sweep();
    } catch {
      // A log that cannot be asked now is asked again.
    }
    this.arm();
  }

  async sweep(): Promise<void> {
    const list = await this.streams.list();
    const now = this.now();
    const sights = new Map<string, Sight>();
    const stale: StreamInfo[] = [];
    for (const info of list) {
      const sight = this.see(info, now);
      if (sight === undefined) continue;
      sights.set(info.streamId, sight);
      if (now - sight.since >= this.patience(info)) stale.push(info);
    }
    this.sights = sights;
    for (const info of stale) await this.end(info);
    const lives = new Map(list.map(({ streamId, createdAt }) => [streamId, createdAt]));
    for (const { streamId } of list) if (streamId.startsWith(`${snapshots}/`)) await this.tidy(streamId, lives);
  }

  private see({ streamId, status, createdAt, next }: StreamInfo, now: number): Sight | undefined {
    if (status !== 'active' || streamId.startsWith(own)) return undefined;
    const known = this.sights.get(streamId);
    const same = known?.createdAt === createdAt && known.next === next && !this.holds(streamId);
    return same ? known : { createdAt, next, since: now };
  }

  private patience({ metadata }: StreamInfo): number {
    const wish = metadata?.[staleKey];
    if (wish === null) return Infinity;
    return typeof wish === 'number' && wish >= 1 ? wish : this.staleMs;
  }

  private async end({ streamId, next }: StreamInfo): Promise<void> {
    try {
      await this.streams.close(streamId, 'failed', staleReason, next);
    } catch (error) {
      if (!(error instanceof StreamError) || !settled.has(error.code)) throw error;
    }
  }

  /** Removes a snapshot that is left of a stream that is gone. */
  private async tidy(snapshot: string, lives: ReadonlyMap<string, number>): Promise<void> {
    const subject = subjectOf(snapshot);
    if (subject === undefined || lives.get(subject.streamId) === subject.createdAt) return;
    // It may have been made since they were listed.
    const info = await this.streams.info(subject.streamId);
    if (info?.createdAt !== subject.createdAt) await this.streams.log.delete(snapshot);
  }
}

/** It lives, or has ended otherwise. */
const settled: ReadonlySet<string> = new Set([
  'append-conflict',
  'stream-closed',
  'stream-cancelled',
  'stream-not-found',
]);
