import type { StreamInfo } from '../chunk/index.js';
import { type MaybePromise, whenReady } from '../log/log.js';
import type { Probe, ProbeEvent } from '../probe/index.js';
import type { StreamEvent } from './events.js';
import { type Distribution, Histogram } from './histogram.js';
import type { Streams } from './streams.js';

/** Counts since a {@link Meter} was made. Everything is about this process, and only ever grows. */
export interface StreamCounts {
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  /** Those among the failed that nobody wrote to any more. */
  readonly stale: number;
  readonly cancelled: number;
  readonly deleted: number;
}

/** Counts of chunks. */
export interface ChunkCounts {
  /** Kept by the log, and bytes of their data. */
  readonly sent: number;
  readonly bytes: number;
  /** Handed to readers in this process. */
  readonly received: number;
  /** Asked for by a reader, and no longer kept. */
  readonly missing: number;
  /** Sent again by their producer though they were kept, or asked for again by a reader. */
  readonly retransmitted: number;
  /** Refused by the log, and those a stage let go or found corrupt. */
  readonly refused: number;
  readonly dropped: number;
  readonly corrupt: number;
}

/** What a {@link Meter} has counted and measured. */
export interface StreamMetrics {
  readonly streams: StreamCounts;
  readonly chunks: ChunkCounts;
  /** How long it took, in milliseconds. */
  readonly latency: {
    /** To create a stream. */
    readonly creation: Distribution;
    /** From an append to its chunks being kept. */
    readonly processing: Distribution;
    /** From a chunk being made to a reader in this process having it. */
    readonly endToEnd: Distribution;
  };
}

/** Adds up what happens: a few numbers, however much that is. */
export interface Meter {
  /** Takes an event of streams in. */
  readonly event: (event: StreamEvent) => void;
  /** Takes an event of operators in: hand it to them as their `probe`. */
  readonly probe: Probe;
  /** What was taken in so far. */
  read(): StreamMetrics;
}

type Counts = { -readonly [K in keyof StreamCounts | keyof ChunkCounts]: number };

/**
 * Makes a meter. It is pure: it learns what it is told, and knows no clock. Streams measure only while somebody listens.
 *
 * @example
 * const meter = createMeter();
 * streams.events.subscribe(meter.event);
 * client.receive('answers/1').pipe(dedupe({ probe: meter.probe })).subscribe();
 * quantile(meter.read().latency.processing, 0.99);
 */
export function createMeter(): Meter {
  const sum: Counts = { ...nothing };
  const creation = new Histogram();
  const processing = new Histogram();
  const endToEnd = new Histogram();
  const event = (one: StreamEvent): void => {
    count(sum, one);
    if (one.type === 'stream.created') creation.add(one.tookMs);
    else if (one.type === 'stream.chunk_sent') processing.add(one.tookMs);
    else if (one.type === 'stream.chunk' && one.ageMs !== undefined) endToEnd.add(one.ageMs);
  };
  return {
    event,
    probe: (one) => countProbe(sum, one),
    read: () => ({
      streams: pick(sum, streamCounts),
      chunks: pick(sum, chunkCounts),
      latency: { creation: creation.read(), processing: processing.read(), endToEnd: endToEnd.read() },
    }),
  };
}

const streamCounts = ['created', 'completed', 'failed', 'stale', 'cancelled', 'deleted'] as const;
const chunkCounts = ['sent', 'bytes', 'received', 'missing', 'retransmitted', 'refused', 'dropped', 'corrupt'] as const;
const nothing = Object.fromEntries([...streamCounts, ...chunkCounts].map((name) => [name, 0])) as Counts;

function pick<K extends keyof Counts>(sum: Counts, names: readonly K[]): Pick<Counts, K> {
  return Object.fromEntries(names.map((name) => [name, sum[name]])) as Pick<Counts, K>;
}

function count(sum: Counts, event: StreamEvent): void {
  switch (event.type) {
    case 'stream.created':
    case 'stream.completed':
    case 'stream.failed':
    case 'stream.stale':
    case 'stream.cancelled':
    case 'stream.deleted':
      sum[event.type.slice('stream.'.length) as keyof StreamCounts]++;
      return;
    case 'stream.chunk_sent':
      sum.sent += event.to - event.from;
      sum.bytes += event.bytes;
      return;
    case 'stream.chunk':
      sum.received++;
      return;
    case 'stream.chunk_missing':
      sum.missing += event.to - event.from;
      return;
    case 'stream.chunk_repeated':
      sum.retransmitted += event.chunks;
      return;
    case 'stream.chunk_refused':
      sum.refused += event.chunks;
      return;
  }
}

function countProbe(sum: Counts, event: ProbeEvent): void {
  if (event.type === 'nack') sum.retransmitted += event.to - event.from;
  else if (event.type === 'gap') sum.missing += event.to - event.from;
  else if (event.type === 'dropped') sum.dropped++;
  else if (event.type === 'corrupt') sum.corrupt++;
}

/** How far the slowest reader of a stream is behind. */
export interface ReaderLag {
  readonly streamId: string;
  /** Number of the next chunk it is to get. */
  readonly next: number;
  /** How many chunks there are that it has not got. */
  readonly lag: number;
}

/** How things stand at a moment. */
export interface StreamGauges {
  /** Streams in the log: all, and those that have not ended. */
  readonly streams: number;
  readonly active: number;
  /** Chunks that active streams announced and do not have. */
  readonly awaited: number;
  /** The streams that are read, here or behind a gateway on the same streams, those furthest behind first. */
  readonly lags: readonly ReaderLag[];
}

/** Looks how things stand, which costs the log a listing of all streams: for a page or a scrape, not for every chunk. */
export function readGauges(streams: Pick<Streams, 'list' | 'readers'>): MaybePromise<StreamGauges> {
  return whenReady(streams.list(), (list) => {
    const active = list.filter(({ status }) => status === 'active');
    return {
      streams: list.length,
      active: active.length,
      awaited: active.reduce((sum, { chunks }) => sum + (chunks.missing ?? 0), 0),
      lags: lagsOf(list, streams),
    };
  });
}

function lagsOf(list: readonly StreamInfo[], { readers }: Pick<Streams, 'readers'>): ReaderLag[] {
  const tails = new Map(list.map(({ streamId, next }) => [streamId, next]));
  const lags: ReaderLag[] = [];
  for (const { streamId, next } of readers.all()) {
    const tail = tails.get(streamId);
    if (tail !== undefined) lags.push({ streamId, next, lag: Math.max(0, tail - next) });
  }
  return lags.toSorted((a, b) => b.lag - a.lag);
}
