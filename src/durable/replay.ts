import type { SchedulerLike, Subscription } from 'rxjs';
import { type ChunkType, type EncodedChunk, joinBytes } from '../chunk/index.js';
import { attempt, type Log, type LogSlice, type ReadLimit, whenReady } from '../log/log.js';
import { sizeOf } from './page.js';
import { type Made, readSame } from './read-same.js';
import { renderChunks } from './render.js';
import type { Outflow, Sink } from './reply.js';

/** @internal At most so much of a stream is in memory for one answer. */
export const replayLimit: ReadLimit = { chunks: 4096, bytes: 512 * 1024 };

/** @internal What a {@link Replay} shows. */
export interface ReplayOptions {
  readonly log: Log;
  readonly stream: Made;
  readonly type: ChunkType;
  /** The first chunks, and where the last is. */
  readonly slice: Pick<LogSlice, 'from' | 'chunks' | 'next'>;
  readonly scheduler: SchedulerLike;
  /** How long it may go on, in milliseconds. */
  readonly restMs: number;
}

/** As long as a timer can be: nobody reads for longer. */
const longestMs = 2 ** 31 - 1;

const [opening, comma, closing] = ['[', ',', ']'].map((text) => new TextEncoder().encode(text)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

/**
 * @internal An answer with more of a stream than is read at once: all that was there when it was asked for, read as its reader
 * takes it. Broken off when the log cannot go on, or no longer has it.
 */
export class Replay implements Outflow {
  private sink: Sink | undefined;
  private next: number;
  /** The first chunks, until they are written, or there is no room for them. */
  private first: readonly EncodedChunk[];
  /** Number of the chunk behind the last. */
  private readonly to: number;
  private reading = false;
  private begun = false;
  private ending: Subscription | undefined;

  private readonly options: Omit<ReplayOptions, 'slice'>;

  constructor({ slice, ...options }: ReplayOptions) {
    this.options = options;
    this.next = slice.from;
    this.first = slice.chunks;
    this.to = slice.next;
  }

  start(sink: Sink): void {
    this.sink = sink;
    const { scheduler, restMs } = this.options;
    if (restMs <= longestMs) this.ending = scheduler.schedule(() => this.sink?.abort(), restMs);
    const { first } = this;
    this.first = [];
    this.write(first);
  }

  drained(): void {
    this.read();
  }

  closed(): void {
    this.sink = undefined;
    this.first = [];
    this.ending?.unsubscribe();
  }

  private read(): void {
    if (this.reading || this.sink === undefined || this.next >= this.to) return;
    this.reading = true;
    const { log, stream } = this.options;
    const limit = { ...replayLimit, chunks: Math.min(replayLimit.chunks, this.to - this.next) };
    const { next } = this;
    attempt(
      () =>
        whenReady(readSame(log, stream, next, limit), ({ from, chunks }) => {
          this.reading = false;
          if (from === next && chunks.length > 0) this.write(chunks);
          else this.sink?.abort();
        }),
      () => this.sink?.abort(),
    );
  }

  private write(chunks: readonly EncodedChunk[]): void {
    const { sink } = this;
    // They are read again when there is room.
    if (sink === undefined || sink.takes?.(sizeOf(chunks)) === false) return;
    const { type } = this.options;
    this.next += chunks.length;
    const last = this.next >= this.to;
    const content = renderChunks(type, chunks);
    const bytes =
      type === 'json' ? joinBytes([this.begun ? comma : opening, content, ...(last ? [closing] : [])]) : content;
    this.begun = true;
    const takesMore = sink.write(bytes);
    if (last) sink.end();
    else if (takesMore) this.later();
  }

  /** In a turn of its own, so that a log that answers at once keeps nobody waiting, and needs no deep stack. */
  private later(): void {
    queueMicrotask(() => this.read());
  }
}
