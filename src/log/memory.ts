import { checkBound, checkName, type EncodedChunk, StreamError, type StreamInfo } from '../chunk/index.js';
import { checkAppend, checkLife } from './admission.js';
import { isWithin } from './describe-stream.js';
import type { Appended, AppendOptions, Log, LogSlice, ReadLimit, StreamConfig } from './log.js';
import { MemoryStream, type StreamBounds } from './memory-stream.js';
import { numberedLife } from './numbered-life.js';
import { checkConfig, sameConfig } from './stream-config.js';
import { Watchers } from './watchers.js';

/** Options of {@link createMemoryLog}: its bounds, and its clock. */
export interface MemoryLogOptions {
  /** Chunks a stream keeps; the oldest go. Default 1 000 000. */
  readonly maxChunks?: number;
  /** Encoded bytes a stream keeps; the oldest chunks go, and a larger chunk is `chunk-too-large`. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Encoded bytes all streams keep; an append beyond them is `log-full`. Default 512 MiB. */
  readonly maxTotalBytes?: number;
  /** Streams kept; creating one more is `log-full`. Default 10 000. */
  readonly maxStreams?: number;
  /** Producers that a stream knows; an append by one more is `limit-reached`. Default 1 024. */
  readonly maxProducers?: number;
  /** Ended streams are removed after this long, unless their configuration says otherwise. Default 3 600 000: an hour. */
  readonly ttlMs?: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

const mebibyte = 1 << 20;
const fromZero = { min: 0 };
const noOptions: AppendOptions = {};

/** A log whose answers are there when the call returns. */
export interface MemoryLog extends Log {
  create(streamId: string, config?: StreamConfig): void;
  append(streamId: string, batch: readonly EncodedChunk[], options?: AppendOptions): Appended;
  read(streamId: string, from: number, limit: ReadLimit): LogSlice;
  info(streamId: string): StreamInfo | undefined;
  trim(streamId: string, before: number): void;
  delete(streamId: string, life?: string): void;
  list(prefix?: string): readonly StreamInfo[];
  dispose(): void;
}

/**
 * Makes a log in memory, bounded in every direction. It answers at once, never with a promise, and is gone with the process.
 *
 * @example
 * const log = createMemoryLog({ maxChunks: 10_000 });
 * log.create('greetings');
 * log.append('greetings', [encodeChunk(createChunk({ streamId: 'greetings', seq: 0, data: 'hello' }))]);
 * log.read('greetings', 0, { chunks: 10, bytes: 1024 }).chunks.length; // 1
 */
export function createMemoryLog(options: MemoryLogOptions = {}): MemoryLog {
  return new BoundedMemoryLog(options);
}

class BoundedMemoryLog implements MemoryLog {
  private readonly streams = new Map<string, MemoryStream>();
  private readonly watchers = new Watchers();
  private readonly bounds: StreamBounds;
  private readonly maxTotalBytes: number;
  private readonly maxStreams: number;
  private readonly ttlMs: number;
  private readonly now: () => number;
  private totalBytes = 0;
  /** Streams made so far. */
  private made = 0;
  /** No stream is to be removed before this time. */
  private nextExpiry = Infinity;

  constructor(options: MemoryLogOptions) {
    this.bounds = {
      maxChunks: checkBound('maxChunks', options.maxChunks ?? 1_000_000),
      maxBytes: checkBound('maxBytes', options.maxBytes ?? 64 * mebibyte),
      maxProducers: checkBound('maxProducers', options.maxProducers ?? 1024),
    };
    this.maxTotalBytes = checkBound('maxTotalBytes', options.maxTotalBytes ?? 512 * mebibyte);
    this.maxStreams = checkBound('maxStreams', options.maxStreams ?? 10_000);
    this.ttlMs = checkBound('ttlMs', options.ttlMs ?? 3_600_000, { infinite: true });
    this.now = options.now ?? Date.now;
  }

  create(streamId: string, config?: StreamConfig): void {
    checkName(streamId);
    const wanted = checkConfig(config);
    this.expire();
    const known = this.streams.get(streamId);
    if (known !== undefined) {
      if (sameConfig(known.config, wanted)) return;
      throw new StreamError('stream-exists', `stream "${streamId}" exists with another configuration`, { streamId });
    }
    if (this.streams.size >= this.maxStreams) {
      const message = `the log keeps ${this.maxStreams} streams, which is as many as it may`;
      throw new StreamError('log-full', message, { streamId });
    }
    const now = this.now();
    this.streams.set(streamId, new MemoryStream(streamId, numberedLife(now, ++this.made), wanted, now, this.bounds));
  }

  append(streamId: string, batch: readonly EncodedChunk[], options: AppendOptions = noOptions): Appended {
    checkAppend(options);
    const stream = this.get(streamId, options.life);
    const plan = stream.plan(batch, options);
    const growth = plan.bytes - stream.bytes;
    if (growth > 0 && this.totalBytes + growth > this.maxTotalBytes) {
      const message = `the log keeps ${this.totalBytes} of ${this.maxTotalBytes} bytes: there is no room for ${growth} more`;
      throw new StreamError('log-full', message, { streamId });
    }
    const appended = stream.keep(plan, batch, options, this.now());
    this.totalBytes += growth;
    if (appended.ended) this.nextExpiry = Math.min(this.nextExpiry, stream.expiresAt(this.ttlMs));
    if (appended.next > appended.first || appended.ended) this.watchers.notify(streamId);
    return appended;
  }

  read(streamId: string, from: number, limit: ReadLimit): LogSlice {
    checkBound('from', from, fromZero);
    checkBound('limit.chunks', limit.chunks);
    checkBound('limit.bytes', limit.bytes);
    return this.get(streamId).read(from, limit);
  }

  watch(streamId: string, listener: () => void): () => void {
    return this.watchers.add(streamId, listener);
  }

  info(streamId: string): StreamInfo | undefined {
    this.expire();
    return this.streams.get(streamId)?.info();
  }

  trim(streamId: string, before: number): void {
    checkBound('before', before, fromZero);
    const stream = this.get(streamId);
    const { bytes } = stream;
    if (!stream.trim(before)) return;
    this.totalBytes -= bytes - stream.bytes;
    this.watchers.notify(streamId);
  }

  delete(streamId: string, life?: string): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined && (life ?? stream.life) === stream.life) this.remove(stream);
  }

  list(prefix = ''): readonly StreamInfo[] {
    this.expire();
    const within = isWithin(prefix);
    return [...this.streams.values()]
      .filter(({ streamId }) => within(streamId))
      .toSorted((a, b) => (a.streamId < b.streamId ? -1 : 1))
      .map((stream) => stream.info());
  }

  dispose(): void {
    this.streams.clear();
    this.watchers.clear();
    this.totalBytes = 0;
    this.nextExpiry = Infinity;
  }

  private get(streamId: string, life?: string): MemoryStream {
    this.expire();
    const stream = this.streams.get(streamId);
    if (stream === undefined)
      throw new StreamError('stream-not-found', `there is no stream "${streamId}"`, { streamId });
    checkLife(streamId, stream.life, life);
    return stream;
  }

  /**
   * Removes what has outlived its end: not by a timer, but before anything else that is asked. Before, because it calls
   * listeners, which may change any stream.
   */
  private expire(): void {
    if (this.nextExpiry === Infinity || this.now() < this.nextExpiry) return;
    const now = this.now();
    this.nextExpiry = Infinity;
    for (const stream of [...this.streams.values()]) {
      const expiresAt = stream.expiresAt(this.ttlMs);
      if (expiresAt <= now) this.remove(stream);
      else this.nextExpiry = Math.min(this.nextExpiry, expiresAt);
    }
  }

  private remove(stream: MemoryStream): void {
    const { streamId, bytes } = stream;
    // A listener may have removed it already, and even made it anew.
    if (this.streams.get(streamId) !== stream) return;
    this.streams.delete(streamId);
    this.totalBytes -= bytes;
    this.watchers.notify(streamId);
  }
}
