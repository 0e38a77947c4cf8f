import type { EncodedChunk, ErrorCode } from '../chunk/index.js';

/**
 * What happens to streams in this process, as it happens. When is not included: subscribe with `timestamp()` for that. How long
 * something took is, in milliseconds.
 */
export type StreamEvent =
  /** A stream was created, which took the log `tookMs`. */
  | { readonly type: 'stream.created'; readonly streamId: string; readonly tookMs: number }
  /** These chunks, `from` up to, not including, `to`, were kept, which took the log `tookMs`; `bytes` is their `size`. */
  | {
      readonly type: 'stream.chunk_sent';
      readonly streamId: string;
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
      readonly chunks: readonly EncodedChunk[];
      readonly tookMs: number;
    }
  /** So many chunks came that were kept before: they were sent again. */
  | { readonly type: 'stream.chunk_repeated'; readonly streamId: string; readonly chunks: number }
  /** So many chunks, or none and an end, were refused. */
  | {
      readonly type: 'stream.chunk_refused';
      readonly streamId: string;
      readonly chunks: number;
      readonly code: ErrorCode;
    }
  /**
   * A reader in this process got a chunk; `ageMs` after it was made, where it came when the reader was there: the age of
   * what lay in the log says nothing.
   */
  | { readonly type: 'stream.chunk'; readonly streamId: string; readonly seq: number; readonly ageMs?: number }
  /** A reader in this process asked for chunks that are no longer kept. */
  | { readonly type: 'stream.chunk_missing'; readonly streamId: string; readonly from: number; readonly to: number }
  /** A stream ended well, with this many chunks. */
  | { readonly type: 'stream.completed'; readonly streamId: string; readonly chunks: number }
  /** Nobody wrote to a stream any more. It fails. */
  | { readonly type: 'stream.stale'; readonly streamId: string; readonly chunks: number }
  /** A stream ended otherwise. */
  | {
      readonly type: 'stream.failed' | 'stream.cancelled';
      readonly streamId: string;
      readonly chunks: number;
      readonly reason: string | undefined;
    }
  /** A stream was removed. */
  | { readonly type: 'stream.deleted'; readonly streamId: string };
