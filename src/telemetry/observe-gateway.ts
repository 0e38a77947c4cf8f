import type { Subscription } from 'rxjs';
import type { EncodedChunk } from '../chunk/index.js';
import type { Gateway, GatewayEvent } from '../gateway/index.js';
import type { Measures } from './measures.js';
import { metrics } from './metrics.js';

/** @internal Counts what a gateway does, and tells how much it has to do. */
export function observeGateway(
  measures: Measures,
  gateway: Pick<Gateway, 'events' | 'load'>,
  now: () => number,
): Subscription {
  let load = gateway.load();
  measures.beforeRead(() => (load = gateway.load()));
  measures.set(metrics.connections, () => load.connections);
  measures.set(metrics.connectionsFull, () => load.full);
  measures.set(metrics.subscriptions, () => load.subscriptions);
  measures.set(metrics.credit, () => load.credit);
  measures.set(metrics.readersWithoutCredit, () => load.withoutCredit);
  measures.set(metrics.pendingUtilization, () => load.pending);
  const age = new FrameAge(now);
  return gateway.events.subscribe((event) => count(measures, event, age));
}

function count(measures: Measures, event: GatewayEvent, age: FrameAge): void {
  switch (event.type) {
    case 'gateway.opened':
      return measures.add(metrics.connectionsOpened, 1, event.transport);
    case 'gateway.refused':
      return measures.add(metrics.connectionsRefused, 1, event.why);
    case 'gateway.closed':
      return measures.add(metrics.connectionsClosed, 1, event.why);
    case 'gateway.delivered':
      measures.add(metrics.deliveredChunks, event.frame.chunks.length);
      measures.add(metrics.deliveredIo, event.bytes);
      if (event.live) measures.record(metrics.deliveryAge, age.of(event.frame));
      return;
    case 'gateway.resent':
      return measures.add(metrics.resentChunks, event.chunks);
    case 'gateway.missing':
      return measures.add(metrics.missingChunks, event.to - event.from);
    case 'gateway.error':
      return measures.add(metrics.requestsRefused, 1, event.code);
  }
}

/** How old the first chunk of a frame is. Readers at the same place get the same frame one after the other: it is read once. */
class FrameAge {
  private latest: { readonly frame: object; readonly timestamp: number } | undefined;

  constructor(private readonly now: () => number) {}

  of(frame: { readonly chunks: readonly EncodedChunk[] }): number {
    if (this.latest?.frame !== frame) {
      const { timestamp } = JSON.parse(frame.chunks[0]!.head) as { timestamp: number };
      this.latest = { frame, timestamp };
    }
    return Math.max(0, this.now() - this.latest.timestamp);
  }
}
