import { asyncScheduler, type Observable, type SchedulerLike, Subject } from 'rxjs';
import {
  checkBound,
  checkName,
  type Chunk,
  type ChunkBody,
  type EncodedChunk,
  encodeChunk,
  type EndStatus,
  type ErrorCode,
  StreamError,
  type StreamInfo,
  toStreamError,
} from '../chunk/index.js';
import {
  type Appended,
  type AppendOptions,
  type Close,
  type Log,
  type MaybePromise,
  orElse,
  type StreamConfig,
  whenReady,
} from '../log/log.js';
import type { StreamEvent } from './events.js';
import { chunksMissing, isIncomplete, LateArrivals } from './late-arrivals.js';
import { limitLog, type StreamLimits } from './limit-log.js';
import { Readers } from './readers.js';
import { checkReader, followLog, notFound, pullLog, type ReaderOptions } from './reader.js';
import { steadyNow } from './steady-now.js';
import { createRollup, type Rollup, type RollupOptions } from './rollup.js';

/** Options of {@link createStreams}. */
export interface StreamsOptions {
  /** Where chunks are kept. */
  readonly log: Log;
  /** What becomes of streams that are read from a snapshot. */
  readonly rollup?: RollupOptions;
  /** What streams may be, beyond the bounds of the log. Default: anything. */
  readonly limits?: StreamLimits;
  /**
   * How long `close` waits for chunks that were announced (`expectedChunks`, `expectedBytes`) and have not come. Default
   * 30 000; 0 does not wait.
   */
  readonly graceMs?: number;
  /** When readers in this process are served, and the clock. Default `asapScheduler`, and `asyncScheduler` for waiting. */
  readonly scheduler?: SchedulerLike;
}

/** Why a stream failed that nobody wrote to any more. */
export const staleReason = 'stale';

/** Options of {@link Streams.append}. */
export interface StreamAppendOptions extends AppendOptions {
  /** Create a stream that is not there. With `false` the append is `stream-not-found`. Default `true`. */
  readonly create?: boolean;
}

/** Somebody does not want a stream any more: its producer should stop. */
export interface Cancellation {
  readonly streamId: string;
  readonly reason: string | undefined;
}

/** Streams over a log: the life of each, from creation to end, and what happens on the way. */
export interface Streams {
  /** The log beneath. */
  readonly log: Log;

  /** How far those are who read. */
  readonly readers: Readers;

  /** What streams come to, for those who come late. */
  readonly rollup: Rollup;

  /** What happens, as it happens. Hot; never fails; completes on `dispose`. */
  readonly events: Observable<StreamEvent>;

  /** Streams that were cancelled, for those who produce them. Hot; never fails; completes on `dispose`. */
  readonly cancellations: Observable<Cancellation>;

  /** Creates a stream; nothing happens when it exists with the same configuration. */
  create(streamId: string, config?: StreamConfig): MaybePromise<void>;

  /**
   * Appends chunks and creates the stream if need be. Resolves when the log has kept them: that is the backpressure. The
   * log numbers the chunks; a `streamId` and `seq` of their own do not matter.
   */
  publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<Appended>;

  /** {@link Streams.publish} for chunks that are encoded, answering at once where the log does. */
  append(streamId: string, batch: readonly EncodedChunk[], options?: StreamAppendOptions): MaybePromise<Appended>;

  /** Follows a stream as an Observable: what is kept, then what comes. Completes or fails as the stream does. */
  receive(streamId: string, options?: ReaderOptions): Observable<Chunk>;

  /** Follows a stream at the consumer's pace: nothing is read from the log before it is asked for. */
  read(streamId: string, options?: ReaderOptions): AsyncIterableIterator<Chunk> & AsyncDisposable;

  /** What is known of a stream; `undefined` when there is none. */
  info(streamId: string): MaybePromise<StreamInfo | undefined>;

  /** The streams below a prefix, sorted by name. */
  list(prefix?: string): MaybePromise<readonly StreamInfo[]>;

  /**
   * Ends a stream. Ending an ended stream again is `stream-closed`, unless it ended the same way.
   *
   * A stream that is to be `completed` while chunks are missing that were announced waits for them, as long as `graceMs`: then
   * it has failed, with reason `chunks-missing`.
   *
   * @param at - only if this many chunks were ever appended, which is `append-conflict` otherwise; waits for none
   */
  close(streamId: string, status?: EndStatus, reason?: string, at?: number): MaybePromise<void>;

  /**
   * Ends a stream as `cancelled` and tells its producers. Does nothing to a stream that has ended.
   *
   * @param life - only the stream of this life, see {@link StreamInfo.life}. Default: whichever has the name
   */
  cancel(streamId: string, reason?: string, life?: string): MaybePromise<void>;

  /**
   * Removes a stream and what it kept.
   *
   * @param life - only the stream of this life, see {@link StreamInfo.life}. Default: whichever has the name
   */
  delete(streamId: string, life?: string): MaybePromise<void>;

  /** Completes `events` and lets the log go. */
  dispose(): MaybePromise<void>;
}

/**
 * Makes streams over a log.
 *
 * @example
 * const streams = createStreams({ log: createMemoryLog() });
 * await streams.publish('greetings', [createChunk({ streamId: 'greetings', seq: 0, data: 'hello' })]);
 * streams.receive('greetings').subscribe((chunk) => show(chunk.data));
 */
export function createStreams(options: StreamsOptions): Streams {
  const { scheduler, limits, rollup } = options;
  const graceMs = checkBound('graceMs', options.graceMs ?? 30_000, { min: 0, max: 2 ** 31 - 1 });
  const clock = scheduler ?? asyncScheduler;
  const log = limits === undefined ? options.log : limitLog(options.log, limits, steadyNow(clock));
  return new LogStreams(log, createRollup(log, rollup), graceMs, clock, scheduler);
}

class LogStreams implements Streams {
  private readonly subject = new Subject<StreamEvent>();
  private readonly cancelled = new Subject<Cancellation>();
  readonly readers = new Readers();
  readonly events = this.subject.asObservable();
  readonly cancellations = this.cancelled.asObservable();
  private readonly late: LateArrivals;

  constructor(
    readonly log: Log,
    readonly rollup: Rollup,
    private readonly graceMs: number,
    private readonly clock: SchedulerLike,
    private readonly scheduler: SchedulerLike | undefined,
  ) {
    this.late = new LateArrivals(log, graceMs, clock);
  }

  /** The clock, while somebody wants to know. */
  get now(): (() => number) | undefined {
    return this.subject.observed ? () => this.clock.now() : undefined;
  }

  create(streamId: string, config?: StreamConfig): MaybePromise<void> {
    return whenReady(this.log.info(checkName(streamId)), (known) => {
      const since = this.clock.now();
      return whenReady(this.log.create(streamId, config), () => {
        if (known === undefined) this.subject.next({ type: 'stream.created', streamId, tookMs: this.since(since) });
      });
    });
  }

  private since(time: number): number {
    return Math.max(0, this.clock.now() - time);
  }

  async publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<Appended> {
    return this.append(streamId, chunks.map(encodeChunk), options);
  }

  append(streamId: string, batch: readonly EncodedChunk[], options: StreamAppendOptions = {}): MaybePromise<Appended> {
    checkName(streamId);
    const { close } = options;
    // Most appends are news to nobody, and that should cost nothing.
    if (!this.subject.observed && close?.status !== 'cancelled') return this.keep(streamId, batch, options);
    const since = this.clock.now();
    return orElse(
      () =>
        whenReady(this.keep(streamId, batch, options), (appended) => {
          this.announce(streamId, batch, appended, close, this.since(since));
          return appended;
        }),
      (error) => {
        const { code } = toStreamError(error, 'internal');
        this.report({ type: 'stream.chunk_refused', streamId, chunks: batch.length, code });
        throw error;
      },
    );
  }

  private keep(streamId: string, batch: readonly EncodedChunk[], options: StreamAppendOptions): MaybePromise<Appended> {
    if (options.create === false) return this.log.append(streamId, batch, options);
    return orElse(
      () => this.log.append(streamId, batch, options),
      (error) => {
        if (!hasCode(error, 'stream-not-found')) throw error;
        return whenReady(this.create(streamId), () => this.log.append(streamId, batch, options));
      },
    );
  }

  private announce(
    streamId: string,
    batch: readonly EncodedChunk[],
    appended: Appended,
    close: Close | undefined,
    tookMs: number,
  ): void {
    const { first, next, duplicates, ended } = appended;
    if (duplicates > 0) this.subject.next({ type: 'stream.chunk_repeated', streamId, chunks: duplicates });
    if (next > first) {
      const chunks = duplicates === 0 ? batch : batch.slice(duplicates);
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
      this.subject.next({ type: 'stream.chunk_sent', streamId, from: first, to: next, bytes, chunks, tookMs });
    }
    if (close === undefined || !ended) return;
    const { status, reason } = close;
    if (status === 'failed' && reason === staleReason) {
      this.subject.next({ type: 'stream.stale', streamId, chunks: next });
    }
    if (status === 'completed') this.subject.next({ type: 'stream.completed', streamId, chunks: next });
    else this.subject.next({ type: `stream.${status}`, streamId, chunks: next, reason });
    if (status === 'cancelled') this.cancelled.next({ streamId, reason });
  }

  receive(streamId: string, options: ReaderOptions = {}): Observable<Chunk> {
    checkReader(options);
    return followLog(this, checkName(streamId), options, this.report, this.scheduler);
  }

  read(streamId: string, options: ReaderOptions = {}): AsyncIterableIterator<Chunk> & AsyncDisposable {
    checkReader(options);
    return pullLog(this, checkName(streamId), options, this.report);
  }

  private readonly report = (event: StreamEvent): void => {
    if (this.subject.observed) this.subject.next(event);
  };

  info(streamId: string): MaybePromise<StreamInfo | undefined> {
    return this.log.info(checkName(streamId));
  }

  list(prefix?: string): MaybePromise<readonly StreamInfo[]> {
    return this.log.list(prefix);
  }

  close(streamId: string, status: EndStatus = 'completed', reason?: string, at?: number): MaybePromise<void> {
    checkName(streamId);
    const close = reason === undefined ? { status } : { status, reason };
    if (status !== 'completed' || this.graceMs === 0 || at !== undefined) {
      return this.end(streamId, close, at === undefined ? {} : { at });
    }
    return whenReady(this.log.info(streamId), (info) => {
      if (info === undefined || !isIncomplete(info)) return this.end(streamId, close);
      return this.endLate(streamId, close);
    });
  }

  private async endLate(streamId: string, close: Close): Promise<void> {
    await this.late.wait(streamId);
    const info = await this.log.info(streamId);
    const incomplete = info !== undefined && isIncomplete(info);
    await this.end(streamId, incomplete ? { status: 'failed', reason: chunksMissing } : close);
  }

  private end(streamId: string, close: Close, only: Pick<AppendOptions, 'at' | 'life'> = {}): MaybePromise<void> {
    return whenReady(this.log.append(streamId, [], { close, ...only }), (appended) => {
      this.announce(streamId, [], appended, close, 0);
    });
  }

  cancel(streamId: string, reason?: string, life?: string): MaybePromise<void> {
    return whenReady(this.info(streamId), (info) => {
      if (info === undefined || (life ?? info.life) !== info.life) throw notFound(streamId);
      if (info.status !== 'active') return undefined;
      const close: Close = reason === undefined ? { status: 'cancelled' } : { status: 'cancelled', reason };
      return orElse(
        () => this.end(streamId, close, { life: info.life }),
        (error) => {
          // It has ended since it was looked at.
          if (!hasCode(error, 'stream-closed')) throw error;
        },
      );
    });
  }

  delete(streamId: string, life?: string): MaybePromise<void> {
    return whenReady(this.info(streamId), (info) =>
      whenReady(this.log.delete(streamId, life), () => {
        if (info !== undefined && (life ?? info.life) !== info.life) return undefined;
        this.subject.next({ type: 'stream.deleted', streamId });
        return info && this.rollup.forget(info);
      }),
    );
  }

  dispose(): MaybePromise<void> {
    this.rollup.dispose();
    this.late.dispose();
    this.subject.complete();
    this.cancelled.complete();
    return this.log.dispose();
  }
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamError && error.code === code;
}
