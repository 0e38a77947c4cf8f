import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { isIP } from 'node:net';
import { WebSocketServer } from 'ws';
import { checkBound, kindOf, toStreamError } from '../chunk/index.js';
import { createGateway, type Gateway, type SessionLimitOptions } from '../gateway/index.js';
import {
  createDurableStreams,
  type DurableStreams,
  type DurableStreamsOptions,
  nodeHandler,
} from '../durable/index.js';
import { attempt, type Log, whenReady } from '../log/log.js';
import { createMemoryLog } from '../log/memory.js';
import {
  createReaper,
  createStreams,
  createSweeper,
  type RollupOptions,
  type StreamLimits,
  type Streams,
} from '../streams/index.js';
import { type EventStreamOptions, serveEventStream } from '../transport/sse/server.js';
import { isStreamPath } from '../transport/sse/route.js';
import { createWebSocketAcceptor, type WebSocketAcceptorOptions } from '../transport/websocket/server.js';
import type { Runs } from '../run/index.js';
import { servePage } from './page.js';
import { createRunRoutes, type RunRoutes, type ServedRunsOptions } from './run-routes.js';
import { nodeWebhooks } from './webhooks.js';

/** Options of {@link serve}. */
export interface ServeOptions<S = unknown> {
  /** Address to listen on. Default `127.0.0.1`. Any other than loopback needs `allowPublic`. */
  readonly host?: string;
  /** Port; 0 for a free one. Default 4437. */
  readonly port?: number;
  /** There is no authentication yet: say that you want to be reachable from elsewhere all the same. Default `false`. */
  readonly allowPublic?: boolean;
  /** Where chunks are kept. Default: in memory. */
  readonly log?: Log;
  /** What streams may be. Default: as the log says. */
  readonly streamLimits?: StreamLimits;
  /** What readers from a snapshot get. Default: the assembled text, or bytes. */
  readonly rollup?: RollupOptions;
  /**
   * How long a stream may be active without a chunk before it fails, reason `stale`. Default `Infinity`: only a stream that says
   * so itself, with `'sluice.staleMs'` in its metadata.
   */
  readonly staleMs?: number;
  /** What one connection may do. */
  readonly limits?: SessionLimitOptions;
  /** Connections at the same time. Default 10 000. */
  readonly maxConnections?: number;
  /** Pages that may connect, WebSocket and SSE alike. Default: those this server serves. */
  readonly origins?: NonNullable<WebSocketAcceptorOptions['origins']>;
  /** Bytes that wait for a slow WebSocket before it is held back. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** Settings of SSE. */
  readonly eventStream?: Omit<EventStreamOptions, 'stream' | 'origins'>;
  /** Settings of the Durable Streams protocol, at `/v1/stream/`. Its webhooks are signed with a key made
   * anew, and may be on this machine unless `allowPublic`; hand over `webhooks` to have it otherwise. */
  readonly durable?: Omit<DurableStreamsOptions, 'streams'>;
  /** The pipelines that may be started over HTTP, and what they work with. Runs are shown and answered without it, too. */
  readonly runs?: ServedRunsOptions<S>;
  /** How long a client may take to send the headers of a request, in milliseconds. Default 10 000. */
  readonly headersTimeoutMs?: number;
  /** How long a client may take to send a whole request, in milliseconds. Default 60 000. */
  readonly requestTimeoutMs?: number;
  /** Answers requests whose path is none of ours. Default: 404. */
  readonly fallback?: RequestListener;
}

/** A running server. */
export interface Server<S = unknown> extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:4437`. */
  readonly url: string;
  readonly port: number;
  /** Its streams: publish to them, read them. */
  readonly streams: Streams;
  readonly gateway: Gateway;
  /** Its runs: start them, watch them. */
  readonly runs: Runs<S>;
  /** The door for the Durable Streams protocol. */
  readonly durable: DurableStreams;
  /** Node's server, for routes of your own. */
  readonly http: HttpServer;
  /** Ends every connection in good order, then the streams and the log. */
  close(): Promise<void>;
}

/**
 * Serves streams over WebSocket, SSE and HTTP on one port, with a page at `/` that shows them live. Streams whose producer held a
 * lease and died are ended, and stale ones where that is asked for.
 *
 * @throws RangeError for a host that is not loopback without `allowPublic`; rejects as `listen` does, with `EADDRINUSE` say
 *
 * @example
 * const server = await serve({ port: 4437 });
 * words$.pipe(stamp({ streamId: 'books/moby-dick' }), publishTo(server.streams, 'books/moby-dick')).subscribe();
 */
export async function serve<S = unknown>(options: ServeOptions<S> = {}): Promise<Server<S>> {
  const host = checkHost(options);
  const port = checkBound('port', options.port ?? 4437, { min: 0, max: 65_535 });
  const staleMs = checkBound('staleMs', options.staleMs ?? Infinity, { infinite: true });
  const streams = createStreams({
    log: options.log ?? createMemoryLog(),
    ...(options.streamLimits === undefined ? {} : { limits: options.streamLimits }),
    ...(options.rollup === undefined ? {} : { rollup: options.rollup }),
  });
  const reaper = createReaper(streams);
  const gateway = createGateway({
    streams,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
  });
  const origins = options.origins === undefined ? {} : { origins: options.origins };
  const durable = createDurableStreams({
    webhooks: nodeWebhooks({ allowLocal: options.allowPublic !== true }),
    ...options.durable,
    streams,
  });
  const door = nodeHandler(durable, { path: durablePath, ...origins });
  const routes = createRunRoutes({ ...options.runs, ...origins, streams });
  const http = createServer(timeoutsOf(options), (request, response) => {
    if (request.url?.startsWith(durablePath) === true) door(request, response);
    else if (!routes.handle(request, response))
      route(request, response, gateway, { ...options.eventStream, ...origins }, options.fallback ?? notFound);
  });
  const sockets = acceptWebSockets(http, gateway, options, routes);
  await listen(http, host, port);
  // Not before: its timer would keep a process alive that has nowhere to listen.
  const sweeper = createSweeper(streams, { staleMs, holds: (streamId) => reaper.holds(streamId) });
  const bound = (http.address() as { port: number }).port;
  const close = async (): Promise<void> => {
    reaper.dispose();
    sweeper.dispose();
    durable.dispose();
    gateway.close();
    sockets.close();
    routes.close();
    await stop(http, sockets);
    await streams.dispose();
  };
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`;
  const { runs } = routes;
  return { url, port: bound, streams, gateway, runs, durable, http, close, [Symbol.asyncDispose]: close };
}

/** Where streams are found by the Durable Streams protocol. */
const durablePath = '/v1/stream/';

/**
 * How long an idle connection is kept, in milliseconds: longer than the minute after which most proxies let go of theirs, so that
 * no request meets a connection that is just being closed.
 */
const keepAliveTimeout = 75_000;

/** Who sends a request byte by byte does not keep its connection for long. */
function timeoutsOf(options: Pick<ServeOptions, 'headersTimeoutMs' | 'requestTimeoutMs'>): ServerOptions {
  const headersTimeout = checkBound('headersTimeoutMs', options.headersTimeoutMs ?? 10_000);
  const requestTimeout = checkBound('requestTimeoutMs', options.requestTimeoutMs ?? 60_000);
  const shorter = Math.min(headersTimeout, requestTimeout);
  return {
    headersTimeout: shorter,
    requestTimeout,
    keepAliveTimeout,
    connectionsCheckingInterval: Math.ceil(shorter / 4),
  };
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

function checkHost(options: Pick<ServeOptions, 'host' | 'allowPublic'>): string {
  const host = options.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '')
    throw new TypeError(`host must be a name or an address, got ${kindOf(host)}`);
  if (options.allowPublic === true || loopback.test(host)) return host;
  throw new RangeError(
    `host "${host}" is reachable from elsewhere and nothing is asked of who comes: say allowPublic to do it`,
  );
}

function acceptWebSockets(
  http: HttpServer,
  gateway: Gateway,
  options: Pick<ServeOptions, 'limits' | 'highWaterMark' | 'origins'>,
  routes: Pick<RunRoutes<never>, 'upgrade'>,
): WebSocketServer {
  const acceptor = createWebSocketAcceptor(gateway, {
    ...(options.limits?.maxFrame === undefined ? {} : { maxFrame: options.limits.maxFrame }),
    ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
  });
  const sockets = new WebSocketServer({ ...acceptor.serverOptions, noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (routes.upgrade(request, socket, head)) return;
    sockets.handleUpgrade(request, socket, head, (accepted) => acceptor.connection(accepted, request));
  });
  return sockets;
}

function route(
  request: IncomingMessage,
  response: ServerResponse,
  gateway: Gateway,
  options: EventStreamOptions,
  fallback: RequestListener,
): void {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  if (path === '/') servePage(request, response);
  else if (path === '/streams') listStreams(response, gateway.streams);
  else if (isStreamPath(path)) serveEventStream(request, response, gateway, options);
  else fallback(request, response);
}

function listStreams(response: ServerResponse, streams: Streams): void {
  attempt(
    () => whenReady(streams.list(), (list) => sendJson(response, 200, list)),
    (error) => sendJson(response, 500, { code: 'internal', message: toStreamError(error, 'internal').message }),
  );
}

const notFound: RequestListener = (_, response) => {
  sendJson(response, 404, { code: 'not-found', message: 'there is nothing here: try / or /streams' });
};

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}

async function listen(http: HttpServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

/** How long connections have to say goodbye, in milliseconds. */
const farewellMs = 1000;

async function stop(http: HttpServer, sockets: WebSocketServer): Promise<void> {
  const timer = setTimeout(() => {
    http.closeAllConnections();
    // Node forgets a connection once it is a WebSocket's, and `ws` gives a peer that does not answer 30 s.
    for (const socket of sockets.clients) socket.terminate();
  }, farewellMs);
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
    http.closeIdleConnections();
  });
  clearTimeout(timer);
}
