import type { Session } from './session.js';

/** How much a gateway has to do at a moment. */
export interface GatewayLoad {
  /** Connections, and those among them whose link takes no more. */
  readonly connections: number;
  readonly full: number;
  /** Readings of streams that have not ended, over all connections. */
  readonly subscriptions: number;
  /** Chunks that their readers may still be sent. */
  readonly credit: number;
  /** Readings whose reader gave no more credit. */
  readonly withoutCredit: number;
  /** Share of the fullest buffer of what waits to be kept, from 0 to 1. */
  readonly pending: number;
}

/** @internal Looks at all sessions once. */
export function loadOf(sessions: Iterable<Pick<Session, 'writable' | 'subscriptions' | 'pendingShare'>>): GatewayLoad {
  const load = { connections: 0, full: 0, subscriptions: 0, credit: 0, withoutCredit: 0, pending: 0 };
  for (const session of sessions) {
    load.connections++;
    if (!session.writable) load.full++;
    load.pending = Math.max(load.pending, session.pendingShare);
    for (const { ended, chunkCredit } of session.subscriptions) {
      if (ended !== undefined) continue;
      load.subscriptions++;
      load.credit += chunkCredit;
      if (chunkCredit === 0) load.withoutCredit++;
    }
  }
  return load;
}
