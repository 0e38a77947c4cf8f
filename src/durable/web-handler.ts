import type { DurableStreams } from './durable-streams.js';
import { joinBytes } from '../chunk/index.js';
import { answerJson, type Outflow, type Reply } from './reply.js';
import type { DurableRequest } from './request.js';
import { checkOrigins } from '../protocol/origin.js';
import { allowOrigin, preflight, securityHeaders, type ShellOptions } from './shell.js';

/**
 * Makes a function from web-standard requests to responses of a server of the Durable Streams protocol, for whatever runs such.
 *
 * @example
 * export default { fetch: webHandler(createDurableStreams({ streams })) };
 */
export function webHandler(
  durable: DurableStreams,
  options: ShellOptions = {},
): (request: Request) => Promise<Response> {
  const { path = '/v1/stream/', origins } = options;
  const security = securityHeaders(checkOrigins(origins));
  return async (request) => {
    const origin = request.headers.get('origin') ?? undefined;
    const cors = allowOrigin(origins, { origin, host: new URL(request.url).host });
    const reply = await replyTo(request, durable, path, cors.allowed);
    const { status, headers, body } = reply;
    return new Response(streamOf(body), { status, headers: { ...security, ...cors.headers, ...headers } });
  };
}

async function replyTo(request: Request, durable: DurableStreams, path: string, allowed: boolean): Promise<Reply> {
  if (request.method === 'OPTIONS') return preflight();
  if (!allowed) return answerJson(403, { code: 'connection-refused', message: 'this origin may not ask' });
  const reply = await durable.handle(requestOf(request, path));
  return request.method === 'HEAD' ? { status: reply.status, headers: reply.headers } : reply;
}

function requestOf(request: Request, path: string): DurableRequest {
  const { origin, pathname, search } = new URL(request.url);
  return {
    method: request.method,
    target: pathname + search,
    root: origin + path,
    signal: request.signal,
    header: (name) => request.headers.get(name) ?? undefined,
    body: (admits) => bodyOf(request, admits),
  };
}

/** Reads a body, and stops as soon as it is refused. */
async function bodyOf({ body }: Request, admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    parts.push(value);
    if (admits(length)) continue;
    await reader.cancel();
    return undefined;
  }
  return joinBytes(parts);
}

/** An outflow as a stream of bytes: written while there is room, and told when there is again. */
function streamOf(body: Reply['body']): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
  return new ReadableStream<Uint8Array>({
    start: (controller) => pour(body, controller),
    pull: () => body.drained(),
    cancel: () => body.closed(),
  });
}

function pour(body: Outflow, controller: ReadableStreamDefaultController<Uint8Array>): void {
  let over = false;
  const finish = (how: () => void): void => {
    if (over) return;
    over = true;
    how();
    body.closed();
  };
  body.start({
    write: (bytes) => {
      if (!over) controller.enqueue(bytes);
      return (controller.desiredSize ?? 0) > 0;
    },
    end: () => finish(() => controller.close()),
    abort: () => finish(() => controller.error(new Error('the answer was broken off'))),
  });
}
