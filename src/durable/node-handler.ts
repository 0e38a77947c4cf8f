import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/auth.js';
import { checkBound } from '../chunk/index.js';
import { shareOf } from '../flow/room.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import { isHost } from '../protocol/host.js';
import { checkOrigins } from '../protocol/origin.js';
import type { DurableStreams } from './durable-streams.js';
import { inTurn } from './in-turn.js';
import { NodeRequest } from './node-request.js';
import { NodeSink } from './node-sink.js';
import { Outbox } from './outbox.js';
import { findRepeated } from './repeated-header.js';
import { answerJson, type Outflow, type Reply } from './reply.js';
import { allowOrigin, preflight, securityHeaders, type ShellOptions, singleHeaders } from './shell.js';

/** Options of {@link nodeHandler}. */
export interface NodeHandlerOptions extends ShellOptions {
  /** How long somebody may take nothing of an answer before it is broken off, in milliseconds. Default 60 000. */
  readonly stallMs?: number;
  /** Counts requests that contradict themselves. */
  readonly refusals?: Pick<Refusals, 'count'>;
}

/**
 * Makes a handler of Node's `http` of a server of the Durable Streams protocol. What one connection asks is done in that order, also
 * where it is sent ahead.
 *
 * @example
 * createServer(nodeHandler(createDurableStreams({ streams }))).listen(4437);
 */
export function nodeHandler(
  durable: DurableStreams,
  options: NodeHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse, principal?: Principal) => void {
  const { path = '/v1/stream/', origins } = options;
  const security: string[] = [];
  addHeaders(security, securityHeaders(checkOrigins(origins)));
  const stallMs = checkBound('stallMs', options.stallMs ?? 60_000);
  // An answer that cannot be written is none: whoever asked sees the connection break, and nobody else sees anything.
  const outbox = new Outbox<WholeAnswer>((answer) =>
    attempt(
      () => answerWhole(answer),
      () => answer.response.destroy(),
    ),
  );
  const answerWith = (
    { status, headers: said, body }: Reply,
    request: IncomingMessage,
    response: ServerResponse,
    cors: Reply['headers'],
  ): void => {
    const headers = [...security];
    addHeaders(headers, cors);
    addHeaders(headers, said);
    if (body === undefined || body instanceof Uint8Array)
      return outbox.add({ request, response, status, headers, body });
    if (response.destroyed) return body.closed();
    if (isUnread(request)) headers.push('connection', 'close');
    response.writeHead(status, headers);
    pour(response, body, stallMs, options.refusals);
  };
  const answer = (request: IncomingMessage, response: ServerResponse, principal?: Principal): void => {
    // What a reader that has gone breaks is nobody's error.
    response.on('error', ignore);
    const cors = allowOrigin(origins, request.headers);
    const respond = (reply: MaybePromise<Reply>): void =>
      attempt(
        () => whenReady(reply, (known) => answerWith(known, request, response, cors.headers)),
        () => response.destroy(),
      );
    const refusal = refusalOf(request, cors.allowed, options.refusals);
    if (refusal !== undefined) return respond(refusal);
    const asked = new NodeRequest(request, response, path, principal);
    asked.deferSmall(() => respond(durable.handle(asked)));
  };
  return inTurn(answer, () => options.refusals?.count('rate'));
}

function ignore(): void {}

/** An answer whose body is there. */
interface WholeAnswer {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly status: number;
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
}

function answerWhole({ request, response, status, headers, body }: WholeAnswer): void {
  if (response.destroyed) return;
  const unread = isUnread(request);
  if (unread) headers.push('connection', 'close');
  // HEAD says how long the stream is by other means.
  const sized = status !== 204 && status !== 304 && request.method !== 'HEAD';
  if (sized) headers.push('content-length', `${body?.length ?? 0}`);
  response.writeHead(status, headers);
  if (unread) request.resume();
  response.end(body);
}

/** In a list, of which Node makes an answer three times as fast as of an object whose names have dashes. */
function addHeaders(list: string[], headers: Reply['headers']): void {
  for (const name in headers) list.push(name, headers[name]!);
}

/** What needs not be asked further. */
function refusalOf(
  request: IncomingMessage,
  allowed: boolean,
  refusals: NodeHandlerOptions['refusals'],
): Reply | undefined {
  if (request.method === 'OPTIONS') return preflight();
  if (!allowed) return answerJson(403, { code: 'connection-refused', message: 'this origin may not ask' });
  const problem = contradiction(request);
  if (problem === undefined) return undefined;
  refusals?.count('header');
  return answerJson(400, { code: 'header-invalid', message: problem });
}

const repeatedHeader = findRepeated(singleHeaders);

function contradiction(request: IncomingMessage): string | undefined {
  const { host } = request.headers;
  if (host !== undefined && !isHost(host)) return 'host must be a name or an address, and perhaps a port';
  const repeated = repeatedHeader(request);
  return repeated === undefined ? undefined : `${repeated} may be said once`;
}

/**
 * Whether a body, which nobody wants, has not come whole. What is left of it is thrown away as it comes, for as long as a request may
 * take, so that who sends it can read the answer; then the connection ends.
 */
function isUnread({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['content-length'] ?? headers['transfer-encoding']) !== undefined;
}

function pour(
  response: ServerResponse,
  body: Outflow,
  stallMs: number,
  refusals: NodeHandlerOptions['refusals'],
): void {
  const share = shareOf(response);
  response.setTimeout(stallMs, () => {
    // Who waits for others to take what is theirs has nothing to take.
    if (share.waits) return;
    refusals?.count('slow');
    response.destroy();
  });
  const sink = new NodeSink(response, () => body.drained());
  response.on('close', () => body.closed());
  body.start(sink);
}
