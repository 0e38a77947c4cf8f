/* eslint-disable unicorn/require-post-message-target-origin -- workers have but one origin */
// A page, or a worker, that reads one stream over WebSocket, and waits as good as for ever before it connects again by itself.
import { createReadClient } from 'sluice/client';
import { createWebSocketReadTransport } from 'sluice/transport/websocket/client';

const client = createReadClient({
  transport: createWebSocketReadTransport({ url: location.origin }),
  backoff: { minMs: 3_600_000, maxMs: 3_600_000, random: () => 1 - Number.EPSILON },
});
const seqs: number[] = [];
let state = '';
client.state.subscribe((current) => (state = current));
client.receive('ticks').subscribe(({ seq }) => seqs.push(seq));

const seen = () => ({ seqs, state });
Object.assign(globalThis, { seen });

// A worker answers whoever asks it: its page, or each page that shares it. It may be told of an event.
const scope = globalThis as unknown as { onmessage: unknown; onconnect: unknown; postMessage(answer: unknown): void };
type Asked = { readonly data: string };
if (typeof document === 'undefined') {
  const answer = ({ data }: Asked) => {
    if (data !== '') dispatchEvent(new Event(data));
    return seen();
  };
  scope.onmessage = (asked: Asked) => scope.postMessage(answer(asked));
  scope.onconnect = ({ ports: [port] }: { readonly ports: readonly MessagePort[] }) => {
    port!.onmessage = (asked: Asked) => port!.postMessage(answer(asked));
  };
}
