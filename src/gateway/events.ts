import type { EncodedChunk, ErrorCode } from '../chunk/index.js';
import type { CloseName, DataFrame } from '../protocol/index.js';

/** What happens at a gateway, as it happens. Nothing is told, and nothing costs anything, while nobody listens. */
export type GatewayEvent =
  /** A connection was taken. */
  | { readonly type: 'gateway.opened'; readonly session: string; readonly transport: string }
  /** A connection was not taken. */
  | { readonly type: 'gateway.refused'; readonly transport: string; readonly why: CloseName }
  /** A connection has ended, by whomever; `reason` may be what the client says. */
  | {
      readonly type: 'gateway.closed';
      readonly session: string;
      readonly transport: string;
      readonly why: CloseName;
      readonly reason: string;
    }
  /**
   * Chunks were handed to a reader's link for the first time. `live`: the reader was there when they came. Readers at the same
   * place get the same frame.
   */
  | {
      readonly type: 'gateway.delivered';
      readonly streamId: string;
      readonly frame: DataFrame<EncodedChunk>;
      readonly bytes: number;
      readonly live: boolean;
    }
  /** So many chunks were sent again to a reader that missed them. */
  | { readonly type: 'gateway.resent'; readonly streamId: string; readonly chunks: number }
  /** A reader was told that chunks `from` up to, not including, `to` are no longer kept. */
  | { readonly type: 'gateway.missing'; readonly streamId: string; readonly from: number; readonly to: number }
  /** A client was told that what it asked for is refused. */
  | {
      readonly type: 'gateway.error';
      readonly session: string;
      readonly code: ErrorCode;
      readonly message: string;
      readonly streamId?: string;
    };
