import type { Subscription } from 'rxjs';
import type { ErrorCode } from '../chunk/index.js';
import type { Gateway, GatewayEvent } from '../gateway/index.js';
import type { CloseName } from '../protocol/index.js';
import type { StreamEvent, Streams } from '../streams/index.js';
import type { Journal } from './journal.js';

/** Ends of connections that need nobody's attention, or whose reason concerns all and is told once. */
const ordinary: ReadonlySet<CloseName> = new Set(['normal', 'going-away', 'lost', 'unavailable']);
/** Trouble of ours, not of who asks. */
const ours: ReadonlySet<ErrorCode> = new Set(['internal', 'log-unavailable', 'log-full', 'log-incompatible']);

/** @internal Writes lines about what somebody who runs a server should know: what is wrong here, and who was cut off. */
export function narrate(
  journal: Journal,
  { streams, gateway }: { readonly streams: Pick<Streams, 'events'>; readonly gateway: Pick<Gateway, 'events'> },
): Subscription {
  const subscription = streams.events.subscribe((event) => ofStreams(journal, event));
  subscription.add(gateway.events.subscribe((event) => ofGateway(journal, event)));
  return subscription;
}

function ofStreams(journal: Journal, event: StreamEvent): void {
  const { type, streamId } = event;
  if (type === 'stream.chunk_refused' && ours.has(event.code)) {
    journal.write('error', 'append failed', { stream: streamId, code: event.code });
  }
  if (type === 'stream.failed') {
    journal.write('warn', 'stream failed', { stream: streamId, chunks: event.chunks, reason: event.reason });
  }
}

function ofGateway(journal: Journal, event: GatewayEvent): void {
  if (event.type === 'gateway.refused') {
    journal.write('warn', 'connection refused', { transport: event.transport, reason: event.why });
  }
  if (event.type === 'gateway.closed' && !ordinary.has(event.why)) {
    const { session, transport, why, reason } = event;
    const level = why === 'internal' ? 'error' : 'warn';
    journal.write(level, 'connection cut', { session, transport, reason: why, details: reason });
  }
  if (event.type === 'gateway.error' && ours.has(event.code)) {
    const { session, code, message, streamId } = event;
    journal.write('error', 'request failed', { session, stream: streamId, code, details: message });
  }
}
