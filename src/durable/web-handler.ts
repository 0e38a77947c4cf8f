import type { Authenticate } from '../auth/auth.js';
import { budgetKey } from '../auth/budget-key.js';
import type { Quotas } from '../auth/quotas.js';
import { joinBytes, StreamError } from '../chunk/index.js';
import type { DurableStreams } from './durable-streams.js';
import { answerError, answerJson, type Outflow, type Reply } from './reply.js';
import type { DurableRequest } from './request.js';
import { checkOrigins } from '../protocol/origin.js';
import { allowOrigin, preflight, securityHeaders, type ShellOptions } from './shell.js';

/** Options of {@link webHandler}. */
export interface WebHandlerOptions extends ShellOptions {
  /** Says who comes, such as `apiKeys`; what he may is for `access` of the server to say. Default: nobody is asked. */
  readonly authenticate?: Authenticate;
  /** How many requests each may send; bytes are for `quotas` of the server. Default: without end. */
  readonly quotas?: Pick<Quotas, 'spend'>;
  /** Where a request comes from, which whatever runs this knows: who is unknown is counted by it. Default: nowhere. */
  readonly address?: (request: Request) => string | undefined;
}

/**
 * Makes a function from web-standard requests to responses of a server of the Durable Streams protocol, for whatever runs such.
 *
 * @example
 * export default { fetch: webHandler(createDurableStreams({ streams })) };
 */
export function webHandler(
  durable: DurableStreams,
  options: WebHandlerOptions = {},
): (request: Request) => Promise<Response> {
  const { path = '/v1/stream/', origins } = options;
  const security = securityHeaders(checkOrigins(origins));
  return async (request) => {
    const origin = request.headers.get('origin') ?? undefined;
    const cors = allowOrigin(origins, { origin, host: new URL(request.url).host });
    const reply = await replyTo(requestOf(request, path), durable, cors.allowed, options);
    const { status, headers, body } = reply;
    return new Response(streamOf(body), { status, headers: { ...security, ...cors.headers, ...headers } });
  };
}

async function replyTo(
  request: WebRequest,
  durable: DurableStreams,
  allowed: boolean,
  options: WebHandlerOptions,
): Promise<Reply> {
  if (request.method === 'OPTIONS') return preflight();
  if (!allowed) return answerJson(403, { code: 'connection-refused', message: 'this origin may not ask' });
  let reply: Reply;
  try {
    reply = await durable.handle(await admit(request, options));
  } catch (error) {
    reply = answerError(error);
  }
  return request.method === 'HEAD' ? { status: reply.status, headers: reply.headers } : reply;
}

/** Finds out who comes, and whether he does not come too often. */
async function admit(
  request: WebRequest,
  { authenticate, quotas, address: addressOf }: WebHandlerOptions,
): Promise<DurableRequest> {
  const address = addressOf?.(request.original);
  const principal = await authenticate?.({ ...request, address });
  const retryAfterMs = await quotas?.spend(budgetKey(principal, address), 'requests', 1);
  if (retryAfterMs === undefined) return { ...request, principal, address };
  throw new StreamError('rate-limited', 'there are too many requests', { retryAfterMs });
}

interface WebRequest extends DurableRequest {
  readonly original: Request;
}

function requestOf(request: Request, path: string): WebRequest {
  const { origin, pathname, search } = new URL(request.url);
  return {
    original: request,
    method: request.method,
    target: pathname + search,
    origin,
    path,
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
