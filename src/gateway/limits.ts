import { checkBound } from '../chunk/index.js';

/** What one connection may do. */
export interface SessionLimits {
  /** Bytes of a message from the client, at least 1 024. Default 65 536. */
  readonly maxFrame: number;
  /** A client says something at least this often, and over HTTP/2 is asked to, in milliseconds. Default 30 000. */
  readonly pingMs: number;
  /** What a writer may have unacknowledged. Default 1 024 chunks and 1 MiB. */
  readonly window: { readonly chunks: number; readonly bytes: number };
  /** Chunks of one connection that may wait to be kept, whatever its writers. Default 65 536. */
  readonly maxPendingChunks: number;
  /** Encoded bytes of one connection that may wait to be kept. Default 64 MiB. */
  readonly maxPendingBytes: number;
  /** Streams one connection may read. Default 10 000. */
  readonly maxSubscriptions: number;
  /** Invalid frames after which a connection is closed. Default 100. */
  readonly maxBadFrames: number;
}

/** Limits as options: what is left out has its default. */
export type SessionLimitOptions = Partial<SessionLimits>;

/** Fills in the defaults and checks every limit. */
export function sessionLimits(options: SessionLimitOptions = {}): SessionLimits {
  const window = options.window ?? { chunks: 1024, bytes: 1 << 20 };
  return {
    maxFrame: checkBound('maxFrame', options.maxFrame ?? 65_536, { min: 1024 }),
    pingMs: checkBound('pingMs', options.pingMs ?? 30_000),
    window: { chunks: checkBound('window.chunks', window.chunks), bytes: checkBound('window.bytes', window.bytes) },
    maxPendingChunks: checkBound('maxPendingChunks', options.maxPendingChunks ?? 65_536),
    maxPendingBytes: checkBound('maxPendingBytes', options.maxPendingBytes ?? 1 << 26),
    maxSubscriptions: checkBound('maxSubscriptions', options.maxSubscriptions ?? 10_000),
    maxBadFrames: checkBound('maxBadFrames', options.maxBadFrames ?? 100),
  };
}
