import type { Peer } from '../transport/transport.js';
import type { GapCounts } from './gaps.js';
import type { Session } from './session.js';

/** One connection of a gateway at a moment. */
export interface Connection {
  readonly session: string;
  readonly peer: Peer;
  /**
   * Streams being read, with the number of the next chunk to send, how many more the reader may be sent, and what it was missing.
   */
  readonly reading: readonly {
    readonly streamId: string;
    readonly next: number;
    readonly credit: number;
    readonly gaps: GapCounts;
  }[];
}

/** @internal Shows a session as it is at this moment. */
export function describeConnection({ id, subscriptions }: Session, peer: Peer): Connection {
  const reading = Array.from(subscriptions, ({ streamId, next, chunkCredit: credit, gaps }) => ({
    streamId,
    next,
    credit,
    gaps: gaps.counts,
  }));
  return { session: id, peer, reading };
}
