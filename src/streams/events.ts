/** What happens to streams, as it happens. Times are not included: subscribe with `timestamp()` for them. */
export type StreamEvent =
  /** A stream was created. */
  | { readonly type: 'stream.created'; readonly streamId: string }
  /** Chunks `from` up to, not including, `to` were kept; `bytes` is their `size`. */
  | {
      readonly type: 'stream.chunk_sent';
      readonly streamId: string;
      readonly from: number;
      readonly to: number;
      readonly bytes: number;
    }
  /** A reader in this process got a chunk. */
  | { readonly type: 'stream.chunk'; readonly streamId: string; readonly seq: number }
  /** A reader in this process asked for chunks that are no longer kept. */
  | { readonly type: 'stream.chunk_missing'; readonly streamId: string; readonly from: number; readonly to: number }
  /** A stream ended well, with this many chunks. */
  | { readonly type: 'stream.completed'; readonly streamId: string; readonly chunks: number }
  /** A stream ended otherwise. */
  | {
      readonly type: 'stream.failed' | 'stream.cancelled';
      readonly streamId: string;
      readonly chunks: number;
      readonly reason: string | undefined;
    }
  /** A stream was removed. */
  | { readonly type: 'stream.deleted'; readonly streamId: string };
