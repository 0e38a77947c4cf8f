import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkBound } from '../chunk/index.js';
import { checkOrigins } from '../protocol/origin.js';
import type { DurableStreams } from './durable-streams.js';
import { NodeSink } from './node-sink.js';
import { answerJson, type Outflow, type Reply } from './reply.js';
import { allowOrigin, preflight, securityHeaders, type ShellOptions, singleHeaders } from './shell.js';
import type { DurableRequest } from './request.js';

/** Options of {@link nodeHandler}. */
export interface NodeHandlerOptions extends ShellOptions {
  /** How long somebody may take nothing of an answer before it is broken off, in milliseconds. Default 60 000. */
  readonly stallMs?: number;
}

/**
 * Makes a handler of Node's `http` of a server of the Durable Streams protocol.
 *
 * @example
 * createServer(nodeHandler(createDurableStreams({ streams }))).listen(4437);
 */
export function nodeHandler(
  durable: DurableStreams,
  options: NodeHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const { path = '/v1/stream/', origins } = options;
  const security = securityHeaders(checkOrigins(origins));
  const stallMs = checkBound('stallMs', options.stallMs ?? 60_000);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const cors = allowOrigin(origins, request.headers);
    const reply = refusalOf(request, cors.allowed) ?? (await durable.handle(requestOf(request, response, path)));
    write(request, response, { ...reply, headers: { ...security, ...cors.headers, ...reply.headers } }, stallMs);
  };
  return (request, response) => {
    // What a reader that has gone breaks is nobody's error.
    response.on('error', () => {});
    // An answer that cannot be written is none: whoever asked sees the connection break, and nobody else sees anything.
    respond(request, response).catch(() => response.destroy());
  };
}

/** What needs not be asked further. */
function refusalOf(request: IncomingMessage, allowed: boolean): Reply | undefined {
  if (request.method === 'OPTIONS') return preflight();
  if (!allowed) return answerJson(403, { code: 'connection-refused', message: 'this origin may not ask' });
  const repeated = repeatedHeader(request);
  return repeated === undefined
    ? undefined
    : answerJson(400, { code: 'header-invalid', message: `${repeated} may be said once` });
}

/** A header of the protocol that was said more than once, which Node would have joined, or left all but the first out. */
function repeatedHeader({ rawHeaders }: IncomingMessage): string | undefined {
  let seen: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (!singleHeaders.has(name)) continue;
    if (seen?.has(name) === true) return name;
    (seen ??= new Set()).add(name);
  }
  return undefined;
}

function requestOf(request: IncomingMessage, response: ServerResponse, path: string): DurableRequest {
  let controller: AbortController | undefined;
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    root: rootOf(request, path),
    header: (name) => request.headers[name]?.toString(),
    get signal() {
      if (controller === undefined) {
        const made = (controller = new AbortController());
        response.once('close', () => made.abort());
        if (response.destroyed) made.abort();
      }
      return controller.signal;
    },
    body: (admits) => bodyOf(request, admits),
  };
}

const host = /^[\w.-]+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$/i;

function rootOf(request: IncomingMessage, path: string): string {
  const asked = request.headers.host ?? '';
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${host.test(asked) ? asked : 'localhost'}${path}`;
}

/** Reads a body, and stops as soon as it is refused. */
function bodyOf(request: IncomingMessage, admits: (length: number) => boolean): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const take = (part: Buffer): void => {
      length += part.length;
      parts.push(part);
      if (admits(length)) return;
      request.off('data', take).pause();
      resolve(undefined);
    };
    // Who has gone already does not go again.
    if (request.destroyed) reject(new Error('the body was cut off'));
    request.on('data', take);
    request.on('end', () => {
      // A plain one, and its own: a chunk must not hold on to what came with it.
      resolve(new Uint8Array(parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)));
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.readableEnded) reject(new Error('the body was cut off'));
    });
  });
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers: said, body }: Reply,
  stallMs: number,
): void {
  if (response.destroyed) {
    if (body !== undefined && !(body instanceof Uint8Array)) body.closed();
    return;
  }
  // What is left of a body nobody wants is thrown away as it comes, for as long as a request may take, so that who sends it can
  // read the answer; then the connection ends.
  const unread =
    !request.complete && (request.headers['content-length'] ?? request.headers['transfer-encoding']) !== undefined;
  const headers: Record<string, string> = { ...said };
  if (unread) headers['connection'] = 'close';
  if (body === undefined || body instanceof Uint8Array) {
    // HEAD says how long the stream is by other means.
    const sized = status !== 204 && status !== 304 && request.method !== 'HEAD';
    if (sized) headers['content-length'] = `${body?.length ?? 0}`;
    response.writeHead(status, headers);
    if (unread) request.resume();
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  response.setTimeout(stallMs, () => response.destroy());
  pour(response, body);
}

function pour(response: ServerResponse, body: Outflow): void {
  const sink = new NodeSink(response, () => body.drained());
  response.on('close', () => body.closed());
  body.start(sink);
}
