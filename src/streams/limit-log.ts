import { asyncScheduler } from 'rxjs';
import { checkBound, type EncodedChunk, StreamError } from '../chunk/index.js';
import {
  type Appended,
  type AppendOptions,
  type Log,
  type MaybePromise,
  type StreamConfig,
  whenReady,
} from '../log/log.js';
import { wrapLog } from './wrap-log.js';
import { steadyNow } from './steady-now.js';

/** What streams may be, beyond the bounds of the log that keeps them. */
export interface StreamLimits {
  /** Streams kept at the same time, ended ones included: one more is `limit-reached`. Default `Infinity`. */
  readonly maxStreams?: number;
  /** Encoded bytes of a chunk: a larger one is `chunk-too-large`. Default `Infinity`. */
  readonly maxChunkBytes?: number;
  /** Chunks of a stream: an append beyond them is `limit-reached`. Default `Infinity`. */
  readonly maxChunks?: number;
  /** Bytes of a stream's data: an append beyond them is `limit-reached`. Default `Infinity`. */
  readonly maxBytes?: number;
}

/** Streams of our own, which no limit is meant for. */
const own = 'sluice/';
/** How long the number of streams is taken to be what it was when it was counted last and was too high. */
const recountMs = 1000;
/** Where no append is ever to begin. */
const nowhere = Number.MAX_SAFE_INTEGER;

/**
 * Keeps streams of a log within limits. An append that is refused leaves everything as it was, one that repeats what is kept is
 * acknowledged as ever, and a stream that is full can still be ended. Bounds that are `Infinity` cost nothing; those on a stream's
 * chunks and bytes cost a question before each append, and the number of streams one before each creation.
 *
 * @param now - milliseconds
 *
 * @example
 * const streams = createStreams({ log, limits: { maxStreams: 1000, maxChunkBytes: 65_536 } });
 */
export function limitLog(log: Log, limits: StreamLimits, now: () => number = steadyNow(asyncScheduler)): Log {
  const settled = {
    maxStreams: checkBound('maxStreams', limits.maxStreams ?? Infinity, { infinite: true }),
    maxChunkBytes: checkBound('maxChunkBytes', limits.maxChunkBytes ?? Infinity, { infinite: true }),
    maxChunks: checkBound('maxChunks', limits.maxChunks ?? Infinity, { infinite: true }),
    maxBytes: checkBound('maxBytes', limits.maxBytes ?? Infinity, { infinite: true }),
  };
  const limited = new LimitedLog(log, settled, now);
  return wrapLog(log, {
    create: (streamId, config) => limited.create(streamId, config),
    append: (streamId, batch, options) => limited.append(streamId, batch, options),
  });
}

class LimitedLog {
  /** Streams as they were counted last, and those made here since. */
  private streams: number | undefined;
  private countedAt = -Infinity;
  /** Whether the log is asked before it is told. */
  private readonly asks: boolean;
  /** What is under way with each stream: the next waits, so that all takes effect in the order of the calls. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly log: Log,
    private readonly limits: Required<StreamLimits>,
    private readonly now: () => number,
  ) {
    const { maxStreams, maxChunks, maxBytes } = limits;
    this.asks = Math.min(maxStreams, maxChunks, maxBytes) !== Infinity;
  }

  create(streamId: string, config?: StreamConfig): MaybePromise<void> {
    if (!this.asks || isOwn(streamId)) return this.log.create(streamId, config);
    return this.inTurn(streamId, () => this.createWithin(streamId, config));
  }

  private createWithin(streamId: string, config?: StreamConfig): MaybePromise<void> {
    const { maxStreams } = this.limits;
    if (maxStreams === Infinity) return this.log.create(streamId, config);
    return whenReady(this.log.info(streamId), (known) => {
      if (known !== undefined) return this.log.create(streamId, config);
      return whenReady(this.count(), (count) => {
        if (count >= maxStreams) {
          const message = `there are ${maxStreams} streams, which is as many as there may be`;
          throw new StreamError('limit-reached', message, { streamId });
        }
        this.streams = count + 1;
        return this.log.create(streamId, config);
      });
    });
  }

  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): MaybePromise<Appended> {
    if (isOwn(streamId)) return this.log.append(streamId, batch, options);
    this.checkSizes(streamId, batch);
    if (!this.asks) return this.log.append(streamId, batch, options);
    return this.inTurn(streamId, () => this.appendWithin(streamId, batch, options));
  }

  private checkSizes(streamId: string, batch: readonly EncodedChunk[]): void {
    const { maxChunkBytes } = this.limits;
    if (maxChunkBytes === Infinity) return;
    const large = batch.find(({ length }) => length > maxChunkBytes);
    if (large === undefined) return;
    const message = `a chunk of ${large.length} bytes is larger than the ${maxChunkBytes} it may have`;
    throw new StreamError('chunk-too-large', message, { streamId });
  }

  private appendWithin(
    streamId: string,
    batch: readonly EncodedChunk[],
    options?: AppendOptions,
  ): MaybePromise<Appended> {
    const { maxChunks, maxBytes } = this.limits;
    const bounded = maxChunks !== Infinity || maxBytes !== Infinity;
    if (batch.length === 0 || !bounded) return this.log.append(streamId, batch, options);
    return whenReady(this.log.info(streamId), (info) => {
      const chunks = (info?.next ?? 0) + batch.length;
      const bytes = batch.reduce((sum, { size }) => sum + size, info?.bytes.received ?? 0);
      if (chunks <= maxChunks && bytes <= maxBytes) return this.log.append(streamId, batch, options);
      const bound = chunks > maxChunks ? `${maxChunks} chunks` : `${maxBytes} bytes`;
      return this.onlyRepeated(streamId, batch, options, bound);
    });
  }

  /** Acknowledges what is kept already; anything new is told to begin where nothing ever does, and so is refused whole. */
  private onlyRepeated(
    streamId: string,
    batch: readonly EncodedChunk[],
    options: AppendOptions | undefined,
    bound: string,
  ): MaybePromise<Appended> {
    const refuse = (error: unknown): never => {
      const conflicts = error instanceof StreamError && error.code === 'append-conflict';
      if (!conflicts) throw error;
      throw new StreamError('limit-reached', `stream "${streamId}" may have at most ${bound}`, { streamId });
    };
    try {
      const appended = this.log.append(streamId, batch, { ...options, at: nowhere });
      return appended instanceof Promise ? appended.catch(refuse) : appended;
    } catch (error) {
      return refuse(error);
    }
  }

  private count(): MaybePromise<number> {
    const full = this.streams !== undefined && this.streams >= this.limits.maxStreams;
    if (this.streams !== undefined && (!full || this.now() - this.countedAt < recountMs)) return this.streams;
    this.countedAt = this.now();
    return whenReady(this.log.list(), (list) => list.filter(({ streamId }) => !isOwn(streamId)).length);
  }

  private inTurn<T>(streamId: string, work: () => MaybePromise<T>): MaybePromise<T> {
    const before = this.turns.get(streamId);
    const result = before === undefined ? work() : before.then(work);
    if (!(result instanceof Promise)) return result;
    const settled: Promise<void> = quietly(result).finally(() => {
      if (this.turns.get(streamId) === settled) this.turns.delete(streamId);
    });
    this.turns.set(streamId, settled);
    return result;
  }
}

function isOwn(streamId: string): boolean {
  return streamId.startsWith(own);
}

/** Whoever waits its turn waits for the end of what is before it, good or bad. */
async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // Who asked for it is told.
  }
}
