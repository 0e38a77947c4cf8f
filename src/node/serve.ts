import type { RequestListener, Server as HttpServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Authenticate, Authorize } from '../auth/auth.js';
import { boundGuesses, type BoundGuessesOptions } from '../auth/bound-guesses.js';
import { ownersAndScopes } from '../auth/owners-and-scopes.js';
import type { Quotas } from '../auth/quotas.js';
import { checkBound } from '../chunk/index.js';
import { createGateway, type Gateway, type SessionLimitOptions, watchLog } from '../gateway/index.js';
import { createDurableStreams, type DurableStreams, type DurableStreamsOptions } from '../durable/index.js';
import type { Log } from '../log/log.js';
import { createMemoryLog } from '../log/memory.js';
import { createRefusals, type Refusals } from '../probe/index.js';
import type { Runs } from '../run/index.js';
import {
  createAccess,
  createReaper,
  createStreams,
  createSweeper,
  type RollupOptions,
  type StreamLimits,
  type Streams,
} from '../streams/index.js';
import { createTelemetry, type Telemetry } from '../telemetry/index.js';
import type { ConnectHandlerOptions } from '../transport/connect/server.js';
import type { EventStreamOptions } from '../transport/sse/server.js';
import type { WebSocketAcceptorOptions } from '../transport/websocket/server.js';
import { checkHost, isLoopback } from './check-host.js';
import { loadConnectDoor } from './connect-door.js';
import { detourDoor } from './detour-door.js';
import { documentsDoor } from './documents-door.js';
import type { Door } from './door.js';
import { doorkeeper } from './doorkeeper.js';
import { durableDoor } from './durable-door.js';
import { eventStreamDoor } from './event-stream-door.js';
import type { Http2Options, ServerTls } from './front.js';
import { healthDoor } from './health-door.js';
import { forAdmins } from './guard.js';
import { listen } from './listen.js';
import { metricsDoor } from './metrics-door.js';
import { monitorDoor, type MonitorOptions } from './monitor-door.js';
import { createRunRoutes, type ServedRunsOptions } from './run-routes.js';
import { streamListDoor } from './stream-list-door.js';
import { webSocketDoor } from './web-socket-door.js';
import { nodeWebhooks } from './webhooks.js';

/** Options of {@link serve}. */
export interface ServeOptions<S = unknown> {
  /** Address to listen on. Default `127.0.0.1`. Any other than loopback needs `authenticate`, or `allowPublic`. */
  readonly host?: string;
  /** Port; 0 for a free one. Default 4437. */
  readonly port?: number;
  /** Whether everybody who reaches the server may do everything, where nobody is asked who he is. Default `false`. */
  readonly allowPublic?: boolean;
  /** Says who comes, such as `apiKeys` or `jwt`. Default: nobody is asked. */
  readonly authenticate?: Authenticate;
  /**
   * How many credentials that are not accepted may come from one address, see `boundGuesses`. Default 60 a minute. `false` for any
   * number: where a proxy stands before the server all come from one address.
   * With `quotas` in Redis they are counted over all servers as well.
   */
  readonly guesses?: BoundGuessesOptions | false;
  /** Decides who may do what. Default: `ownersAndScopes` where somebody is asked who he is, everything otherwise. */
  readonly authorize?: Authorize;
  /** How much each may do, such as `rateLimits`. Default: without end. */
  readonly quotas?: Quotas;
  /** How long a client may take to say who it is, in milliseconds. Default 10 000. */
  readonly authMs?: number;
  /** Clients at the same time that have not said yet who they are. Default 1 000. */
  readonly maxUnknown?: number;
  /**
   * Names the server goes by, beside those of this machine, where it listens on loopback and asks nobody who he is: a page that
   * gives its own name our address is not answered.
   */
  readonly hosts?: readonly string[];
  /** Counts what is refused. Default: counters of its own. */
  readonly refusals?: Refusals;
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
  /** Compresses messages over WebSocket, see {@link WebSocketAcceptorOptions.perMessageDeflate}. Default `false`. */
  readonly perMessageDeflate?: NonNullable<WebSocketAcceptorOptions['perMessageDeflate']>;
  /** Settings of SSE. */
  readonly eventStream?: Omit<EventStreamOptions, 'stream' | 'origins' | 'refusals'>;
  /** Settings of the Durable Streams protocol, at `/v1/stream/`. Its webhooks are signed with a key made
   * anew, and may be on this machine unless `allowPublic`; hand over `webhooks` to have it otherwise. */
  readonly durable?: Omit<DurableStreamsOptions, 'streams'>;
  /** The page at `/` that shows streams and runs live. */
  readonly monitor?: MonitorOptions;
  /** The pipelines that may be started over HTTP, and what they work with. Runs are shown and answered without it, too. */
  readonly runs?: ServedRunsOptions<S>;
  /** The server's certificate: with it everything is encrypted, and HTTP/2 is spoken beside HTTP/1.1 on the same port. */
  readonly tls?: ServerTls;
  /**
   * Serves gRPC, gRPC-Web and Connect, as `proto/sluice/v1/streams.proto` has them; needs the packages `@connectrpc/connect`,
   * `@connectrpc/connect-node` and `@bufbuild/protobuf`. gRPC needs HTTP/2: `tls` or `h2c`. Default `false`.
   */
  readonly connect?: boolean | Omit<ConnectHandlerOptions, 'origins' | 'refusals'>;
  /** Whether HTTP/2 is spoken without TLS as well, to clients that begin with it: those of gRPC do. Default `false`. */
  readonly h2c?: boolean;
  /** What one connection of HTTP/2 may do. Who vanishes without a word is found as over WebSocket, with `limits.pingMs`. */
  readonly http2?: Http2Options;
  /**
   * How long the log may not answer before everybody is sent to another gateway, in milliseconds; they are taken in again when it
   * answers. Default 5 000; `Infinity`: nobody ever is.
   */
  readonly logPatienceMs?: number;
  /** What the server tells about itself, and lets go of when it is closed. `false`: nothing. Default: metrics, at `/metrics`. */
  readonly telemetry?: Telemetry | false;
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
  /** What was refused, by reason. */
  readonly refusals: Refusals;
  /** The door for the Durable Streams protocol. */
  readonly durable: DurableStreams;
  /** Node's server of HTTP/1.1, for routes of your own: what comes over HTTP/2 is no event of it, and goes through `fallback`. */
  readonly http: HttpServer;
  /**
   * Goes, without loss to anybody where there is another gateway over the same log: takes nobody in any more, tells all who are there
   * to go elsewhere, finishes what is under way, leaves its runs to another when their steps at work are done, and ends the streams and
   * the log. Whoever has not left in time is put out, and a step that is not done is broken off.
   */
  drain(options?: DrainOptions): Promise<void>;
  /** Ends every connection in good order, breaks off its runs, for another to take up, and ends the streams and the log. */
  close(): Promise<void>;
}

/** Options of {@link Server.drain}. */
export interface DrainOptions {
  /** How long those who are there may take to leave, in milliseconds. Default 10 000. */
  readonly withinMs?: number;
  /** Clients wait a random time up to this before they connect elsewhere, in milliseconds. Default 1 000. */
  readonly retryMs?: number;
}

/**
 * Serves streams over WebSocket, SSE and HTTP on one port, with a page at `/` that shows them live. Streams whose producer held a
 * lease and died are ended, and stale ones where that is asked for; runs whose process died go on here.
 *
 * @throws RangeError for a host that is not loopback without `allowPublic`; rejects as `listen` does, with `EADDRINUSE` say
 *
 * @example
 * const server = await serve({ port: 4437 });
 * words$.pipe(stamp({ streamId: 'books/moby-dick' }), publishTo(server.streams, 'books/moby-dick')).subscribe();
 */
export async function serve<S = unknown>(options: ServeOptions<S> = {}): Promise<Server<S>> {
  const host = checkHost(options);
  const wanted = checkBound('port', options.port ?? 4437, { min: 0, max: 65_535 });
  const staleMs = checkBound('staleMs', options.staleMs ?? Infinity, { infinite: true });
  const logPatienceMs = checkBound('logPatienceMs', options.logPatienceMs ?? 5000, { infinite: true });
  const { connect = false } = options;
  const connectDoor = connect === false ? undefined : await loadConnectDoor();
  const telemetry = options.telemetry === false ? undefined : (options.telemetry ?? createTelemetry());
  const keeps = options.log ?? createMemoryLog();
  const streams = createStreams({
    log: telemetry?.log(keeps) ?? keeps,
    ...(options.streamLimits === undefined ? {} : { limits: options.streamLimits }),
    ...(options.rollup === undefined ? {} : { rollup: options.rollup }),
  });
  const { quotas, refusals = createRefusals() } = options;
  const authenticate = bounded(options);
  const access = accessOf(streams, options, refusals);
  const asked = { ...(access === undefined ? {} : { access }), ...(quotas === undefined ? {} : { quotas }) };
  const gateway = createGateway({
    streams,
    ...asked,
    refusals,
    ...(authenticate === undefined ? {} : { authenticate }),
    ...(options.authMs === undefined ? {} : { authMs: options.authMs }),
    ...(options.maxUnknown === undefined ? {} : { maxUnknown: options.maxUnknown }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
  });
  const origins = options.origins === undefined ? {} : { origins: options.origins };
  const durable = createDurableStreams({
    webhooks: nodeWebhooks({ allowLocal: options.allowPublic !== true && isLoopback(host), refusals }),
    ...options.durable,
    ...asked,
    refusals,
    streams,
  });
  const routes = createRunRoutes({ ...options.runs, ...origins, ...asked, refusals, streams });
  const reaper = createReaper(streams, { lapsed: routes.heir.lapsed });
  const doors: readonly Door[] = [
    detourDoor(() => gateway.state),
    // Nobody is as busy.
    durableDoor(durable, { ...origins, refusals }),
    healthDoor({ log: streams.log, state: () => gateway.state }),
    ...(telemetry === undefined ? [] : [forAdmins(access, metricsDoor(telemetry), '/metrics')]),
    documentsDoor(),
    routes,
    forAdmins(access, monitorDoor(gateway, options.monitor), '/monitor/state'),
    streamListDoor(streams, access),
    eventStreamDoor(gateway, { ...options.eventStream, ...origins, refusals }),
    ...(connectDoor === undefined
      ? []
      : [connectDoor(gateway, { ...(connect === true ? {} : connect), ...origins, refusals })]),
    fallbackDoor(options.fallback),
    // The last to be closed: those who go over it are told so by the gateway.
    webSocketDoor(gateway, { ...socketOptions(options), ...origins, refusals }),
  ];
  const open = authenticate === undefined && options.allowPublic !== true;
  const hosts = open ? (options.hosts ?? []) : undefined;
  const kept = doorkeeper(doors, { authenticate, quotas, origins: options.origins, hosts, refusals });
  const {
    url,
    port,
    http,
    close: leave,
  } = await listen([kept], {
    ...options,
    host,
    port: wanted,
    pingMs: options.limits?.pingMs,
    refusals,
  });
  // Not before: its timer would keep a process alive that has nowhere to listen.
  const sweeper = createSweeper(streams, { staleMs, holds: (streamId) => reaper.holds(streamId) });
  const unwatch = watch(gateway, logPatienceMs, telemetry);
  telemetry?.observe({ streams, gateway, reaper, refusals });
  telemetry?.write('info', 'listening', { url });
  const end = async (withinMs?: number): Promise<void> => {
    unwatch();
    telemetry?.write('info', 'closing');
    reaper.dispose();
    sweeper.dispose();
    // A log that is out of reach keeps nothing of what they say.
    const left = within((withinMs ?? 0) + farewellMs, routes.runs.leave({ withinMs: withinMs ?? 0 }));
    await Promise.all([leave(withinMs), left]);
    telemetry?.dispose();
    // A log that is out of reach may have nothing to say to this either.
    await within(farewellMs, streams.dispose());
  };
  await routes.heir.takeAll();
  const close = async (): Promise<void> => {
    gateway.close();
    await end();
  };
  const drain = async ({ withinMs = 10_000, retryMs = 1000 }: DrainOptions = {}): Promise<void> => {
    checkBound('withinMs', withinMs, { max: 2 ** 31 - 1 });
    // Not waited for: who does not leave is put out.
    void gateway.drain(retryMs);
    await end(withinMs);
  };
  return {
    url,
    port,
    streams,
    gateway,
    runs: routes.runs,
    refusals,
    durable,
    http,
    drain,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How long the log may take to let go, in milliseconds. */
const farewellMs = 1000;

async function within(ms: number, work: void | Promise<void>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, pause(ms, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

/** Sends everybody elsewhere as long as the log is out of reach. */
function watch(gateway: Gateway, patienceMs: number, telemetry?: Pick<Telemetry, 'write'>): () => void {
  if (patienceMs === Infinity) return () => {};
  return watchLog({
    log: gateway.streams.log,
    patienceMs,
    lost: (reason) => {
      telemetry?.write('error', 'log out of reach', { reason });
      gateway.suspend(reason);
    },
    found: () => {
      telemetry?.write('info', 'log within reach');
      gateway.resume();
    },
  });
}

function bounded({ authenticate, guesses = {}, quotas }: Pick<ServeOptions, 'authenticate' | 'guesses' | 'quotas'>) {
  if (authenticate === undefined || guesses === false) return authenticate;
  return boundGuesses(authenticate, { quotas, ...guesses });
}

/** What asks who may do what; `undefined` where nobody wants to know. */
function accessOf(
  streams: Streams,
  options: Pick<ServeOptions, 'authenticate' | 'authorize' | 'quotas'>,
  refusals: Refusals,
) {
  const { authenticate, authorize = ownersAndScopes, quotas } = options;
  if (authenticate === undefined && options.authorize === undefined) return undefined;
  return createAccess({ streams, authorize, refusals, ...(quotas === undefined ? {} : { quotas }) });
}

function fallbackDoor(answer: RequestListener | undefined): Door {
  return {
    handle: (request, response) => {
      answer?.(request, response);
      return answer !== undefined;
    },
  };
}

function socketOptions(options: Pick<ServeOptions, 'limits' | 'highWaterMark' | 'perMessageDeflate'>) {
  const { limits, highWaterMark, perMessageDeflate = false } = options;
  return {
    perMessageDeflate,
    ...(limits?.maxFrame === undefined ? {} : { maxFrame: limits.maxFrame }),
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
  };
}
