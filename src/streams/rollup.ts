import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { checkBound, StreamError, type StreamInfo, toStreamError } from '../chunk/index.js';
import { type Log, type MaybePromise, whenReady } from '../log/log.js';
import { assembled, checkFold, type Fold } from './fold.js';
import { RolledStream, type RollingRules, type Snapshot } from './rolled-stream.js';
import { SnapshotStore } from './snapshot-store.js';

export type { Snapshot } from './rolled-stream.js';

/** Options of {@link createRollup}. */
export interface RollupOptions {
  /**
   * What is made of a stream's chunks; `undefined` for nothing. Must be the same in every process on the same log. Default:
   * `assembled`, whatever the stream.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- the state is the fold's own business
  readonly fold?: (info: StreamInfo) => Fold<any> | undefined;
  /** Chunks between two snapshots that are saved, at least; and an eighth of the stream. Default 256. */
  readonly everyChunks?: number;
  /** Time between two looks at a stream that grows. Default 1 000. */
  readonly everyMs?: number;
  /** Most encoded bytes of a snapshot: readers get what goes beyond as chunks. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Streams rolled up at the same time; the one not asked of for longest is let go. Default 256. */
  readonly maxStreams?: number;
  /** How long a stream's last snapshot is kept. Default: as the log keeps an ended stream. */
  readonly ttlMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Keeps what streams come to beside them, so that who comes late gets that and the tail, in one message and not in thousands. */
export interface Rollup {
  /**
   * What the chunks of a stream have come to by now; `undefined` where there is nothing of the kind. From then on the stream
   * is rolled up here as it grows, until it ends.
   */
  snapshot(streamId: string): Promise<Snapshot | undefined>;

  /**
   * Saves what a stream has come to. Answers with the number below which the stream may be trimmed: what was there is in the
   * snapshot. 0 where there is none.
   */
  save(streamId: string): Promise<number>;

  /** Forgets what is kept of a stream that is removed. */
  forget(info: StreamInfo): MaybePromise<void>;

  /** Rolls up no more. What was saved stays. */
  dispose(): void;
}

/** Streams of our own, which nobody reads from a snapshot. */
const own = 'sluice/';

/**
 * Rolls streams up, over any log: folds their chunks and keeps the newest result in a stream of its own beside each. Nothing is
 * lost when a process dies: the next one goes on from the last snapshot, or from the first chunk. Any number of processes
 * may roll up the same stream.
 *
 * @example
 * const streams = createStreams({ log, rollup: { fold: ({ contentType }) => (contentType === 'application/json' ? lastJson : assembled()) } });
 * streams.receive('answers/1', { from: 'snapshot' }).subscribe();
 */
export function createRollup(log: Log, options: RollupOptions = {}): Rollup {
  return new LogRollup(log, options);
}

type Settled = Omit<RollingRules, 'fold'> & { readonly everyMs: number; readonly ttlMs: number | undefined };

class LogRollup implements Rollup {
  /** Oldest first. */
  private readonly rolling = new Map<string, Rolling>();
  private readonly foldOf: (info: StreamInfo) => Fold | undefined;
  private readonly maxStreams: number;
  private readonly settled: Settled;

  constructor(
    private readonly log: Log,
    { fold = always(assembled()), ...options }: RollupOptions,
  ) {
    this.foldOf = fold;
    this.maxStreams = checkBound('maxStreams', options.maxStreams ?? 256);
    this.settled = {
      maxBytes: checkBound('maxBytes', options.maxBytes ?? 1 << 22),
      everyChunks: checkBound('everyChunks', options.everyChunks ?? 256),
      everyMs: checkBound('everyMs', options.everyMs ?? 1000, { max: 2 ** 31 - 1 }),
      ttlMs: options.ttlMs === undefined ? undefined : checkBound('ttlMs', options.ttlMs, { infinite: true }),
      scheduler: options.scheduler ?? asyncScheduler,
    };
  }

  async snapshot(streamId: string): Promise<Snapshot | undefined> {
    const rolling = this.roll(await this.find(streamId));
    if (rolling === undefined) return undefined;
    await rolling.stream.catchUp();
    // Who asked need not wait for this, and has all it needs if it fails.
    rolling.saveSoon();
    return rolling.stream.snapshot;
  }

  async save(streamId: string): Promise<number> {
    const rolling = this.roll(await this.find(streamId));
    if (rolling === undefined) return 0;
    await rolling.stream.catchUp();
    await rolling.stream.save(true);
    return rolling.stream.savedTo;
  }

  forget(info: StreamInfo): MaybePromise<void> {
    this.rolling.get(info.streamId)?.stop();
    const fold = this.ruleFor(info);
    return fold && whenReady(this.storeOf(info, fold).delete(), () => {});
  }

  dispose(): void {
    for (const rolling of [...this.rolling.values()]) rolling.stop();
  }

  private find(streamId: string): MaybePromise<StreamInfo> {
    return whenReady(this.log.info(streamId), (info) => {
      if (info !== undefined) return info;
      throw new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
    });
  }

  private ruleFor(info: StreamInfo): Fold | undefined {
    if (info.streamId.startsWith(own)) return undefined;
    const fold = this.foldFor(info);
    return fold && checkFold(fold);
  }

  private foldFor(info: StreamInfo): Fold | undefined {
    try {
      return this.foldOf(info);
    } catch (error) {
      throw toStreamError(error, 'callback-failed', { streamId: info.streamId });
    }
  }

  private storeOf(info: StreamInfo, fold: Fold): SnapshotStore {
    return new SnapshotStore(this.log, info, fold.name, this.settled.ttlMs);
  }

  /** Rolls a stream up from now on. */
  private roll(info: StreamInfo): Rolling | undefined {
    const { streamId, life } = info;
    const known = this.rolling.get(streamId);
    if (known !== undefined && known.stream.info.life === life) {
      this.rolling.delete(streamId);
      this.rolling.set(streamId, known);
      return known;
    }
    known?.stop();
    const fold = this.ruleFor(info);
    if (fold === undefined) return undefined;
    const stream = new RolledStream(this.log, info, { ...this.settled, fold }, this.storeOf(info, fold));
    const rolling = new Rolling(this.log, stream, this.settled, () => this.rolling.delete(streamId));
    this.rolling.set(streamId, rolling);
    if (this.rolling.size > this.maxStreams) [...this.rolling.values()][0]!.stop();
    rolling.begin();
    return rolling;
  }
}

/** A stream being rolled up as it grows. */
class Rolling {
  private readonly watching = new Subscription();
  private timer: Subscription | undefined;

  constructor(
    private readonly log: Log,
    readonly stream: RolledStream,
    private readonly settled: Settled,
    stopped: () => unknown,
  ) {
    this.watching.add(() => void stopped());
  }

  begin(): void {
    this.watching.add(this.log.watch(this.stream.info.streamId, () => this.changed()));
    this.watching.add(() => this.timer?.unsubscribe());
    this.changed();
  }

  /** The stream is not rolled up any more. */
  stop(): void {
    this.watching.unsubscribe();
  }

  saveSoon(): void {
    void quietly(() => this.stream.save());
  }

  private changed(): void {
    if (this.timer !== undefined || this.watching.closed || this.stream.done) return;
    const { scheduler, everyMs } = this.settled;
    this.timer = scheduler.schedule(() => {
      this.timer = undefined;
      void this.look();
    }, everyMs);
  }

  private async look(): Promise<void> {
    try {
      await this.stream.catchUp();
      await this.stream.save();
    } catch (error) {
      if (error instanceof StreamError && error.code === 'stream-not-found') this.stop();
      // Anything else may pass: there is another look when the stream grows, or is asked of.
    }
  }
}

async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // A snapshot that is missing costs its reader time, and nothing else.
  }
}

function always<T>(value: T): () => T {
  return () => value;
}
