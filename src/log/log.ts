import type { EncodedChunk, EndStatus, StreamInfo } from '../chunk/index.js';

/** A value now, or a promise of one: a log in memory answers at once, so that its readers need no turn of their own. */
export type MaybePromise<T> = T | Promise<T>;

/** Who appends, so that the same append sent twice is kept once. */
export interface Producer {
  /** Any non-empty string that is the producer's own. */
  readonly id: string;
  /** Counts the producer's lives: a higher one fences every lower one. Starts at 0. */
  readonly epoch: number;
  /** Number of the first chunk of the batch within this epoch; the first chunk ever is 0. */
  readonly seq: number;
}

/** How to end a stream. */
export interface Close {
  readonly status: EndStatus;
  /** Why, for `failed` and `cancelled`. */
  readonly reason?: string;
}

/** Options of {@link Log.append}. */
export interface AppendOptions {
  /** Without a producer every append is kept, also one sent twice. */
  readonly producer?: Producer;
  /** End the stream behind the batch, in the same atomic step. */
  readonly close?: Close;
}

/** What an append did. */
export interface Appended {
  /** Number of the batch's first chunk; where nothing new was kept, the same as `next`. */
  readonly first: number;
  /** Number the next chunk will get. */
  readonly next: number;
  /** How many chunks of the batch had been kept before, by an earlier append of the same producer. */
  readonly duplicates: number;
}

/** Bounds of one read. */
export interface ReadLimit {
  /** At most this many chunks. */
  readonly chunks: number;
  /** At most this many encoded bytes, except that one chunk is always allowed. */
  readonly bytes: number;
}

/** A run of chunks as {@link Log.read} returns it. */
export interface LogSlice {
  /** Number of the first chunk returned. Higher than asked for when older ones are no longer kept. */
  readonly from: number;
  /** The chunks, in order, without gaps; the message boundaries are those of the append. */
  readonly chunks: readonly EncodedChunk[];
  /** Number the next chunk appended to the stream will get. */
  readonly next: number;
  /** How the stream ended, once it has. */
  readonly end?: Close;
}

/** What a stream is created with. */
export type StreamConfig = Pick<StreamInfo, 'session' | 'source' | 'target' | 'contentType'> & {
  /** Announced totals. */
  readonly expectedChunks?: number;
  readonly expectedBytes?: number;
};

/**
 * The port of every log: streams of encoded chunks that are kept, numbered from 0 without gaps, in append order.
 *
 * Laws, proven for each adapter by `logLaws` in `sluice/testing`:
 * - **One atomic append.** Chunks, producer state and end are kept together or not at all.
 * - **Order without gaps.** The n-th chunk kept has number n - 1, for every reader, forever.
 * - **Idempotence.** A batch of a producer that was kept before is acknowledged and not kept again; a batch that overlaps
 *   is kept from the first new chunk on.
 * - **Fencing.** A lower epoch fails with `producer-fenced`. A higher one starts at 0. A number ahead of the expected
 *   one fails with `sequence-gap` and the expected number.
 * - **End.** An ended stream fails every append of new chunks with `stream-closed`; what a producer had appended before is
 *   still acknowledged. Ending twice the same way is acknowledged.
 * - **Reading.** Any reader may read from any number at any time; a number that is no longer kept yields what is.
 *
 * Errors are `StreamError`s, thrown or rejected.
 */
export interface Log {
  /** Creates a stream, or does nothing when one with the same configuration exists. `stream-exists` when it differs. */
  create(streamId: string, config?: StreamConfig): MaybePromise<void>;

  /** Appends a batch, and ends the stream if asked to. `stream-not-found` when it was not created. */
  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): MaybePromise<Appended>;

  /** Reads kept chunks from number `from` on. `stream-not-found` when there is no such stream. */
  read(streamId: string, from: number, limit: ReadLimit): MaybePromise<LogSlice>;

  /**
   * Calls `listener` after every append, end, trim and deletion of the stream, at least once each; it may be called once
   * for several. The listener must not throw and reads for itself.
   *
   * @returns stops the calls
   */
  watch(streamId: string, listener: () => void): () => void;

  /** What is known of a stream, or `undefined` when there is none. */
  info(streamId: string): MaybePromise<StreamInfo | undefined>;

  /** Forgets chunks below `before`; readers that ask for them get the oldest kept. Never forgets the end. */
  trim(streamId: string, before: number): MaybePromise<void>;

  /** Removes a stream. Does nothing when there is none. */
  delete(streamId: string): MaybePromise<void>;

  /** The streams whose names begin with `prefix`, sorted by name. */
  list(prefix?: string): MaybePromise<readonly StreamInfo[]>;

  /** Lets go of connections and files. A log in memory forgets everything. */
  dispose(): MaybePromise<void>;
}

/** Runs `next` on a value now or when it comes, so that a synchronous answer stays synchronous. */
export function whenReady<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs work that may answer now or later, and hands what it throws or rejects to `failed`. */
export function attempt(work: () => MaybePromise<void>, failed: (error: unknown) => void): void {
  try {
    const pending = work();
    if (pending instanceof Promise) pending.catch(failed);
  } catch (error) {
    failed(error);
  }
}
