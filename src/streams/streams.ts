import { type Observable, type SchedulerLike, Subject } from 'rxjs';
import {
  checkName,
  type Chunk,
  type ChunkBody,
  type EncodedChunk,
  encodeChunk,
  type EndStatus,
  type ErrorCode,
  StreamError,
  type StreamInfo,
} from '../chunk/index.js';
import {
  type Appended,
  type AppendOptions,
  type Close,
  type Log,
  type MaybePromise,
  type StreamConfig,
  whenReady,
} from '../log/log.js';
import type { StreamEvent } from './events.js';
import { Readers } from './readers.js';
import { checkReader, followLog, notFound, pullLog, type ReaderOptions } from './reader.js';
import { createRollup, type Rollup, type RollupOptions } from './rollup.js';

/** Options of {@link createStreams}. */
export interface StreamsOptions {
  /** Where chunks are kept. */
  readonly log: Log;
  /** What becomes of streams that are read from a snapshot. */
  readonly rollup?: RollupOptions;
  /** When readers in this process are served. Default `asapScheduler`. */
  readonly scheduler?: SchedulerLike;
}

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

  /** Ends a stream. Ending an ended stream again is `stream-closed`, unless it ended the same way. */
  close(streamId: string, status?: EndStatus, reason?: string): MaybePromise<void>;

  /** Ends a stream as `cancelled` and tells its producers. Does nothing to a stream that has ended. */
  cancel(streamId: string, reason?: string): MaybePromise<void>;

  /** Removes a stream and what it kept. */
  delete(streamId: string): MaybePromise<void>;

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
  return new LogStreams(options.log, createRollup(options.log, options.rollup), options.scheduler);
}

class LogStreams implements Streams {
  private readonly subject = new Subject<StreamEvent>();
  private readonly cancelled = new Subject<Cancellation>();
  readonly readers = new Readers();
  readonly events = this.subject.asObservable();
  readonly cancellations = this.cancelled.asObservable();

  constructor(
    readonly log: Log,
    readonly rollup: Rollup,
    private readonly scheduler: SchedulerLike | undefined,
  ) {}

  create(streamId: string, config?: StreamConfig): MaybePromise<void> {
    return whenReady(this.log.info(checkName(streamId)), (known) =>
      whenReady(this.log.create(streamId, config), () => {
        if (known === undefined) this.subject.next({ type: 'stream.created', streamId });
      }),
    );
  }

  async publish(streamId: string, chunks: readonly ChunkBody[], options?: AppendOptions): Promise<Appended> {
    return this.append(streamId, chunks.map(encodeChunk), options);
  }

  append(streamId: string, batch: readonly EncodedChunk[], options: StreamAppendOptions = {}): MaybePromise<Appended> {
    checkName(streamId);
    const appended = orElse(
      () => this.log.append(streamId, batch, options),
      (error) => {
        if (options.create === false || !hasCode(error, 'stream-not-found')) throw error;
        return whenReady(this.create(streamId), () => this.log.append(streamId, batch, options));
      },
    );
    const { close } = options;
    // Most appends are news to nobody, and that should cost nothing.
    if (!this.subject.observed && close?.status !== 'cancelled') return appended;
    return whenReady(appended, (result) => {
      this.announce(streamId, batch, result, close);
      return result;
    });
  }

  private announce(
    streamId: string,
    batch: readonly EncodedChunk[],
    appended: Appended,
    close: Close | undefined,
  ): void {
    const { first, next, duplicates, ended } = appended;
    if (next > first) {
      const bytes = batch.slice(duplicates).reduce((sum, chunk) => sum + chunk.size, 0);
      this.subject.next({ type: 'stream.chunk_sent', streamId, from: first, to: next, bytes });
    }
    if (close === undefined || !ended) return;
    const { status, reason } = close;
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

  close(streamId: string, status: EndStatus = 'completed', reason?: string): MaybePromise<void> {
    const close = reason === undefined ? { status } : { status, reason };
    return whenReady(this.log.append(checkName(streamId), [], { close }), (appended) => {
      this.announce(streamId, [], appended, close);
    });
  }

  cancel(streamId: string, reason?: string): MaybePromise<void> {
    return whenReady(this.info(streamId), (info) => {
      if (info === undefined) throw notFound(streamId);
      if (info.status !== 'active') return undefined;
      return orElse(
        () => this.close(streamId, 'cancelled', reason),
        (error) => {
          // It has ended since it was looked at.
          if (!hasCode(error, 'stream-closed')) throw error;
        },
      );
    });
  }

  delete(streamId: string): MaybePromise<void> {
    return whenReady(this.info(streamId), (info) =>
      whenReady(this.log.delete(streamId), () => {
        this.subject.next({ type: 'stream.deleted', streamId });
        return info && this.rollup.forget(info);
      }),
    );
  }

  dispose(): MaybePromise<void> {
    this.rollup.dispose();
    this.subject.complete();
    this.cancelled.complete();
    return this.log.dispose();
  }
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamError && error.code === code;
}

/** Runs `work` and, should it throw or reject, `recover`. */
function orElse<T>(work: () => MaybePromise<T>, recover: (error: unknown) => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return result instanceof Promise ? result.catch(recover) : result;
  } catch (error) {
    return recover(error);
  }
}
