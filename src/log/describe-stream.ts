import type { StreamInfo, Tally } from '../chunk/index.js';
import type { Close, StreamConfig } from './log.js';

/** @internal Where a stream stands, as far as others are told. */
export interface StreamStanding {
  /** Number of the oldest chunk kept. */
  readonly first: number;
  /** Number the next chunk gets. */
  readonly next: number;
  /** Bytes of data that were ever appended. */
  readonly size: number;
  readonly lastChunkAt: number | undefined;
  readonly end: Close | undefined;
  readonly endedAt: number | undefined;
}

/** @internal What is told of a stream, of its configuration and where it stands. */
export function describeStream(
  streamId: string,
  life: string,
  config: StreamConfig,
  createdAt: number,
  { first, next, size, lastChunkAt, end, endedAt }: StreamStanding,
): StreamInfo {
  const { session, source, target, contentType, metadata } = config;
  const info: { -readonly [K in keyof StreamInfo]: StreamInfo[K] } = {
    streamId,
    life,
    status: end?.status ?? 'active',
    createdAt,
    first,
    next,
    chunks: tally(config.expectedChunks, next),
    bytes: tally(config.expectedBytes, size),
  };
  // One by one, because a list of all streams spreads too many objects otherwise.
  if (session !== undefined) info.session = session;
  if (source !== undefined) info.source = source;
  if (target !== undefined) info.target = target;
  if (contentType !== undefined) info.contentType = contentType;
  if (metadata !== undefined) info.metadata = metadata;
  if (end?.reason !== undefined) info.reason = end.reason;
  if (lastChunkAt !== undefined) info.lastChunkAt = lastChunkAt;
  if (endedAt !== undefined) info.endedAt = endedAt;
  return info;
}

function tally(expected: number | undefined, received: number): Tally {
  return expected === undefined ? { received } : { expected, received, missing: Math.max(0, expected - received) };
}

/** @internal Tells which names stand at or below a path, as {@link Log.list} understands it. */
export function isWithin(prefix: string): (streamId: string) => boolean {
  const below = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  return (streamId) => streamId === prefix || streamId.startsWith(below);
}
