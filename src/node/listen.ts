import { createServer, type Server as HttpServer, type ServerOptions } from 'node:http';
import { isIP } from 'node:net';
import { checkBound } from '../chunk/index.js';
import type { Door } from './door.js';
import { sendJson } from './send-json.js';

/** @internal Options of {@link listen}. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** How long a client may take to send the headers of a request, in milliseconds. Default 10 000. */
  readonly headersTimeoutMs?: number;
  /** How long a client may take to send a whole request, in milliseconds. Default 60 000. */
  readonly requestTimeoutMs?: number;
}

/** @internal Doors that are open. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly http: HttpServer;
  /** Closes the doors, waits a little for those inside to leave, and lets the port go. */
  close(): Promise<void>;
}

/** @internal Listens, and leads whoever comes to the first door that is his. */
export async function listen(doors: readonly Door[], options: ListenOptions): Promise<Listening> {
  const { host, port } = options;
  const http = createServer(timeoutsOf(options), (request, response) => {
    if (doors.some((door) => door.handle(request, response))) return;
    sendJson(request, response, 404, { code: 'not-found', message: 'there is nothing here: try / or /streams' });
  });
  http.on('upgrade', (request, socket, head) => {
    if (!doors.some((door) => door.upgrade?.(request, socket, head))) socket.destroy();
  });
  await bind(http, host, port);
  const bound = (http.address() as { port: number }).port;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`,
    port: bound,
    http,
    close: async () => {
      for (const door of doors) door.dispose?.();
      await stop(http, doors);
    },
  };
}

/**
 * How long an idle connection is kept, in milliseconds: longer than the minute after which most proxies let go of theirs, so that
 * no request meets a connection that is just being closed.
 */
const keepAliveTimeout = 75_000;

/** Who sends a request byte by byte does not keep its connection for long. */
function timeoutsOf(options: Pick<ListenOptions, 'headersTimeoutMs' | 'requestTimeoutMs'>): ServerOptions {
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

async function bind(http: HttpServer, host: string, port: number): Promise<void> {
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

async function stop(http: HttpServer, doors: readonly Door[]): Promise<void> {
  const timer = setTimeout(() => {
    http.closeAllConnections();
    for (const door of doors) door.abort?.();
  }, farewellMs);
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
    http.closeIdleConnections();
  });
  clearTimeout(timer);
}
