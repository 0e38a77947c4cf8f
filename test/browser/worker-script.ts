/* eslint-disable unicorn/require-post-message-target-origin -- workers have but one origin */
// A worker that reads one stream, over WebSocket or over HTTP, for whoever asks: as a service worker it answers what its pages
// fetch, as a shared worker it writes to the port of whoever sends it a path.
import { concatMap, map, type Observable } from 'rxjs';
import { createReadClient } from 'sluice/client';
import { toResponse } from 'sluice/response';
import { readHttp } from 'sluice/transport/http/client';
import { createWebSocketReadTransport } from 'sluice/transport/websocket/client';

const client = createReadClient({
  transport: createWebSocketReadTransport({ url: location.origin }),
  backoff: { minMs: 20, maxMs: 100 },
});
const url = new URL('/v1/stream/ticks', location.origin);
const retry = { initialDelayMs: 20, maxDelayMs: 100 };

const readings = new Map<string, () => Observable<string>>([
  ['/over-websocket', () => client.receive('ticks').pipe(map(({ data }) => data as string))],
  ['/over-http', () => readHttp({ url, as: 'text', retry }).pipe(concatMap(({ items }) => items))],
]);

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
const scope = globalThis as unknown as { readonly clients?: { claim(): Promise<void> } };

addEventListener('activate', () => void scope.clients!.claim());
addEventListener('fetch', (event) => {
  const { request } = event as FetchEvent;
  const read = readings.get(new URL(request.url).pathname);
  if (read !== undefined) (event as FetchEvent).respondWith(toResponse(read(), { format: 'text', request }));
});
addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  port!.onmessage = ({ data }: MessageEvent<string>) =>
    readings.get(data)!().subscribe((text) => port!.postMessage(text));
});
