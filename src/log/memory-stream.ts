import { type EncodedChunk, StreamError, type StreamInfo } from '../chunk/index.js';
import { admit, nextState, type ProducerState } from './admission.js';
import { describeStream } from './describe-stream.js';
import { type Fit, type KeptBounds, KeptChunks } from './kept-chunks.js';
import type { Appended, AppendOptions, Close, LogSlice, ReadLimit, StreamConfig } from './log.js';

/** @internal What one stream of a log in memory may hold. */
export interface StreamBounds extends KeptBounds {
  readonly maxProducers: number;
}

/** @internal One stream of a log in memory. An append is planned, which may refuse it, and then kept, which may not. */
export class MemoryStream {
  private readonly kept = new KeptChunks();
  private readonly producers = new Map<string, ProducerState>();
  private size = 0;
  private lastChunkAt: number | undefined;
  private end: Close | undefined;
  private endedAt: number | undefined;

  constructor(
    readonly streamId: string,
    readonly life: string,
    readonly config: StreamConfig,
    private readonly createdAt: number,
    private readonly bounds: StreamBounds,
  ) {}

  /** Encoded bytes kept. */
  get bytes(): number {
    return this.kept.bytes;
  }

  /** When the stream is to be removed, if it lives `ttlMs` beyond its end: never while it has not ended. */
  expiresAt(ttlMs: number): number {
    return this.endedAt === undefined ? Infinity : this.endedAt + (this.config.ttlMs ?? ttlMs);
  }

  /** Decides on an append and changes nothing. Throws when it is refused. */
  plan(batch: readonly EncodedChunk[], options: AppendOptions): Fit {
    const { streamId, bounds, end } = this;
    const id = options.producer?.id;
    const producer = id === undefined ? undefined : this.producers.get(id);
    const duplicates = admit(streamId, { end, producer, next: this.kept.next }, batch.length, options);
    if (id !== undefined && producer === undefined && this.producers.size >= bounds.maxProducers) {
      const message = `stream "${streamId}" has ${bounds.maxProducers} producers, which is as many as it may`;
      throw new StreamError('limit-reached', message, { streamId });
    }
    for (let i = duplicates; i < batch.length; i++) this.checkLength(i, batch[i]!.length);
    return this.kept.fit(batch, duplicates, bounds);
  }

  private checkLength(index: number, length: number): void {
    const { maxBytes } = this.bounds;
    if (length <= maxBytes) return;
    const message = `stream "${this.streamId}" keeps ${maxBytes} bytes: chunk ${index} of the batch takes ${length}`;
    throw new StreamError('chunk-too-large', message, { streamId: this.streamId });
  }

  /** Keeps an append as it was planned. */
  keep(plan: Fit, batch: readonly EncodedChunk[], options: AppendOptions, now: number): Appended {
    const { kept, producers } = this;
    const { producer, close } = options;
    const first = kept.next;
    for (let i = plan.from; i < batch.length; i++) {
      const chunk = batch[i]!;
      kept.push(chunk);
      this.size += chunk.size;
    }
    kept.trim(plan.first);
    if (kept.next > first) this.lastChunkAt = now;
    const state = producer && nextState(producers.get(producer.id), producer, batch.length);
    if (state !== undefined) producers.set(producer!.id, state);
    const ended = close !== undefined && this.end === undefined;
    if (ended) {
      this.end = Object.freeze(close.reason === undefined ? { status: close.status } : { ...close });
      this.endedAt = now;
    }
    const appended = { first, next: kept.next, duplicates: plan.from, ended };
    return state === undefined ? appended : { ...appended, expected: state.next };
  }

  read(from: number, limit: ReadLimit): LogSlice {
    const { kept, end, life } = this;
    const start = Math.max(from, kept.first);
    const slice = { from: start, chunks: kept.read(start, limit), next: kept.next, life };
    return end === undefined ? slice : { ...slice, end };
  }

  /** Forgets chunks below `before`. Answers whether there was one. */
  trim(before: number): boolean {
    return this.kept.trim(before);
  }

  info(): StreamInfo {
    const { kept, size, lastChunkAt, end, endedAt } = this;
    const standing = { first: kept.first, next: kept.next, size, lastChunkAt, end, endedAt };
    return describeStream(this.streamId, this.life, this.config, this.createdAt, standing);
  }
}
