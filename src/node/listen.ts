import type { RequestListener, Server as HttpServer } from 'node:http';
import { isIP } from 'node:net';
import { checkBound } from '../chunk/index.js';
import type { Refusals } from '../probe/index.js';
import { countBroken } from './broken-request.js';
import type { Door } from './door.js';
import { createFront, type Front, type Http2Options, type ServerTls } from './front.js';
import { notFound } from './not-found.js';
import { createUnderway } from './underway.js';

/** @internal Options of {@link listen}. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly tls?: ServerTls;
  readonly h2c?: boolean;
  /** How long a client may take to send the headers of a request, in milliseconds. Default 10 000. */
  readonly headersTimeoutMs?: number;
  /** How long a client may take to send a whole request, in milliseconds. Default 60 000. */
  readonly requestTimeoutMs?: number;
  /** How long nobody says anything over HTTP/2 before he is asked whether he lives, in milliseconds. Default 30 000. */
  readonly pingMs?: number | undefined;
  /** Bounds of a connection of HTTP/2. */
  readonly http2?: Http2Options;
  /** Counts what is refused before it comes to a door. */
  readonly refusals?: Pick<Refusals, 'count'>;
}

/** @internal Doors that are open. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly http: HttpServer;
  /**
   * Takes nobody in any more, closes the doors, waits for those inside to leave, and lets the port go.
   *
   * @param withinMs - who has not left by then is put out. Default 1 000
   */
  close(withinMs?: number): Promise<void>;
}

/** @internal Listens, and leads whoever comes to the first door that is his. */
export async function listen(doors: readonly Door[], options: ListenOptions): Promise<Listening> {
  const { host, tls, h2c, http2, pingMs, refusals } = options;
  const underway = createUnderway();
  const answer: RequestListener = (request, response) => {
    underway.add(response);
    if (doors.some((door) => door.handle(request, response))) return;
    notFound(request, response);
  };
  const headersTimeoutMs = checkBound('headersTimeoutMs', options.headersTimeoutMs ?? 10_000);
  const requestTimeoutMs = checkBound('requestTimeoutMs', options.requestTimeoutMs ?? 60_000);
  const front = createFront(answer, { tls, h2c, http2, headersTimeoutMs, requestTimeoutMs, pingMs, refusals });
  if (refusals !== undefined) countBroken(front.http, refusals);
  front.http.on('upgrade', (request, socket, head) => {
    if (!doors.some((door) => door.upgrade?.(request, socket, head))) socket.destroy();
  });
  const port = await front.listen(host, options.port);
  return {
    url: `${front.secure ? 'https' : 'http'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`,
    port,
    http: front.http,
    close: async (withinMs = farewellMs) => {
      const closed = stop(front, doors, withinMs);
      for (const response of underway.all) {
        // Who is answered now does not ask again over the same connection.
        if (!response.headersSent) response.setHeader('connection', 'close');
        response.once('close', () => void setImmediate(() => front.http.closeIdleConnections()));
      }
      for (const door of doors) door.dispose?.();
      await closed;
    },
  };
}

/** How long connections have to say goodbye, in milliseconds. */
const farewellMs = 1000;

async function stop(front: Front, doors: readonly Door[], withinMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const door of doors) door.abort?.();
    front.abort();
  }, withinMs);
  await front.close();
  clearTimeout(timer);
}
