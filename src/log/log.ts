import type { EncodedChunk, EndStatus, JsonObject, StreamInfo } from '../chunk/index.js';

/** A value now, or a promise of one: a log in memory answers at once, so that its readers need no turn of their own. */
export type MaybePromise<T> = T | Promise<T>;

/** Who appends, so that the same append sent twice is kept once. */
export interface Producer {
  /** A string of the producer's own, 1 to 256 characters. */
  readonly id: string;
  /** Counts the producer's lives: a higher one fences every lower one. Starts at 0. */
  readonly epoch: number;
  /** Number of the first chunk of the batch within this epoch; the first chunk of an epoch is 0. */
  readonly seq: number;
  /**
   * What `seq` counts. With `appends` a batch has one number, however many chunks are in it, also none, and is kept whole or
   * not at all; a producer keeps to one way of counting. Default `chunks`.
   */
  readonly counts?: 'chunks' | 'appends';
}

/** How to end a stream. */
export interface Close {
  readonly status: EndStatus;
  /** Why, for `failed` and `cancelled`: at most 1 024 characters. */
  readonly reason?: string;
}

/** Options of {@link Log.append}. */
export interface AppendOptions {
  /** Without a producer every append is kept, also one sent twice. */
  readonly producer?: Producer;
  /** End the stream behind the batch, in the same atomic step. */
  readonly close?: Close;
  /** Only if the first new chunk gets this number, which is `append-conflict` otherwise. Default: whatever it gets. */
  readonly at?: number;
  /** Only to the stream of this life, see {@link StreamInfo.life}: where another has its name, that is `stream-not-found`. */
  readonly life?: string;
}

/** What an append did. */
export interface Appended {
  /** Number of the first chunk of the batch that had not been kept before; `next` where there was none. */
  readonly first: number;
  /** Number the next chunk will get. */
  readonly next: number;
  /** How many chunks of the batch had been kept before, by an earlier append of the same producer. */
  readonly duplicates: number;
  /** Whether this append ended the stream: not when it had ended before, the same way. */
  readonly ended: boolean;
  /** With a producer: the number that its next append in this epoch begins with. */
  readonly expected?: number;
}

/** Bounds of one read. */
export interface ReadLimit {
  /** At most this many chunks: 1 or more. */
  readonly chunks: number;
  /** At most this many encoded bytes, 1 or more; one chunk is always allowed. */
  readonly bytes: number;
}

/** A run of chunks as {@link Log.read} returns it. */
export interface LogSlice {
  /** Number of the first chunk returned: the one asked for, or a higher one when that is no longer kept. */
  readonly from: number;
  /** The chunks, in order, without gaps, each as it was appended. None when `from` is still to come. */
  readonly chunks: readonly EncodedChunk[];
  /** Number the next chunk appended to the stream will get. */
  readonly next: number;
  /** How the stream ended, once it has. */
  readonly end?: Close;
  /** Of which stream they are, among all that ever had its name. */
  readonly life: string;
}

/** What a stream is created with. */
export type StreamConfig = Pick<StreamInfo, 'session' | 'source' | 'target' | 'contentType'> & {
  /** How many chunks it will have. */
  readonly expectedChunks?: number;
  /** How many bytes of data it will have: the sum of {@link EncodedChunk.size}. */
  readonly expectedBytes?: number;
  /** Remove the stream this long after its end. `Infinity` keeps it. Default: as the log says. */
  readonly ttlMs?: number;
  /** What else is to be known of it: at most 4 096 characters of JSON, which the log keeps and does not read. */
  readonly metadata?: JsonObject;
};

/**
 * The port of every log: streams of encoded chunks that are kept, numbered from 0 without gaps, in append order.
 *
 * Laws, proven for each adapter by `logLaws` in `sluice/testing`:
 * - **One atomic append.** Chunks, producer state and end are kept together or not at all.
 * - **Order without gaps.** The n-th chunk kept has number n - 1, for every reader, as long as the stream is there.
 * - **Order of calls.** Appends to one stream take effect in the order of the calls, also when nobody waits for the answers.
 * - **Idempotence.** A batch of a producer that was kept before is acknowledged and not kept again; a batch that overlaps
 *   is kept from the first new chunk on, wherever the borders of earlier batches were.
 * - **Fencing.** A lower epoch fails with `producer-fenced` and the epoch in force as `expected`. A higher one starts at 0,
 *   and fences the lower ones from its first append on, be it empty. A number ahead of the right one fails with
 *   `sequence-gap` and the right one as `expected`.
 * - **Condition.** An append with `at` is kept only where it says, and fails with `append-conflict` and the number it would have
 *   got as `expected` otherwise; of two that say the same, one is kept. What was kept before is acknowledged all the same.
 * - **End.** An ended stream fails every append of new chunks, and every other end, with `stream-closed`, or with
 *   `stream-cancelled` when that is how it ended. What a producer had appended before is still acknowledged, and so is
 *   ending once more with the same status: the first reason stays.
 * - **Life.** A stream that is made anew after it was removed has a life no other of its name ever had. What is read says whose it
 *   is, and an append or a removal that is meant for one life leaves every other as it is.
 * - **Reading.** Any reader may read from any number at any time; a number that is no longer kept yields what is.
 *
 * Run-time trouble is a `StreamError`, thrown or rejected; a wrong argument is a `TypeError` or `RangeError`, likewise.
 */
export interface Log {
  /** Whether no other process has it as long as this one does: whoever wrote what is found in it at first is gone. Default `false`. */
  readonly exclusive?: boolean;

  /**
   * Creates a stream, or does nothing when one with the same configuration exists. `stream-exists` when it differs,
   * `name-invalid` when the name cannot be one, `log-full` when there are too many.
   */
  create(streamId: string, config?: StreamConfig): MaybePromise<void>;

  /**
   * Appends a batch, and ends the stream if asked to. The batch may be empty. `stream-not-found` when it was not created,
   * `log-full` when there is no room, `chunk-too-large` for a chunk that will never have any, `limit-reached` when the
   * stream has too many producers; the other refusals are in the laws. After a refusal everything is as it was before.
   */
  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): MaybePromise<Appended>;

  /**
   * Reads kept chunks from number `from` on: at least one when there is one. `stream-not-found` when there is no such
   * stream.
   */
  read(streamId: string, from: number, limit: ReadLimit): MaybePromise<LogSlice>;

  /**
   * Calls `listener` after every change of the stream - chunks, end, trim, removal - at least once each; it may be called
   * once for several, and once too often: a log that needs a while to begin listening calls it when it has begun. The stream
   * need not exist yet. The listener may use the log at once, but must not throw.
   *
   * @returns stops the calls, at once
   */
  watch(streamId: string, listener: () => void): () => void;

  /** What is known of a stream, or `undefined` when there is none. */
  info(streamId: string): MaybePromise<StreamInfo | undefined>;

  /**
   * Forgets chunks below `before`; readers that ask for them get the oldest kept. Never forgets the end, nor the numbers:
   * a `before` beyond the newest chunk forgets them all. `stream-not-found` when there is no such stream.
   */
  trim(streamId: string, before: number): MaybePromise<void>;

  /**
   * Removes a stream, and what it knew of its producers. Does nothing when there is none.
   *
   * @param life - only the stream of this life. Default: whichever has the name
   */
  delete(streamId: string, life?: string): MaybePromise<void>;

  /**
   * The streams at and below a path, sorted by name as JavaScript compares strings: `books` lists `books` and
   * `books/moby-dick`, not `bookshop`; `books/` lists only what is below. Default: all.
   */
  list(prefix?: string): MaybePromise<readonly StreamInfo[]>;

  /** Lets go of connections and files. A log in memory forgets everything. */
  dispose(): MaybePromise<void>;
}

/** Runs `next` on a value now or when it comes, so that a synchronous answer stays synchronous. */
export function whenReady<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs work that may answer now or later and, should it throw or reject, `recover`. */
export function orElse<T>(work: () => MaybePromise<T>, recover: (error: unknown) => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return result instanceof Promise ? result.catch(recover) : result;
  } catch (error) {
    return recover(error);
  }
}

/** Runs work that may answer now or later and then, whatever became of it, `last`. */
export function lastly<T>(work: () => MaybePromise<T>, last: () => void): MaybePromise<T> {
  let pending = false;
  try {
    const result = work();
    pending = result instanceof Promise;
    return pending ? (result as Promise<T>).finally(last) : result;
  } finally {
    if (!pending) last();
  }
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
