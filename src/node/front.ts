import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createPlainServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { checkBound } from '../chunk/index.js';
import { inTurn } from '../durable/in-turn.js';
import { Room } from '../flow/room.js';
import type { Refusals } from '../probe/index.js';
import { boundBody } from './bound-body.js';
import { boundResets } from './bound-resets.js';
import { countUnread } from './broken-request.js';
import { Http2Response } from './http2-response.js';
import { tendSession } from './tend-session.js';

/** The server's certificate, and how it is used: the options of `node:tls`. */
export type ServerTls = Pick<TlsOptions, 'key' | 'cert' | 'ca' | 'pfx' | 'passphrase' | 'minVersion' | 'ciphers'>;

/** What one connection of HTTP/2 may do. */
export interface Http2Options {
  /** Requests that it may have under way; others wait on the client's side. Default 250. */
  readonly maxStreams?: number;
  /**
   * Bytes that may wait for it over all its requests before no more is read for it: who has more than 64 KiB waiting, or would have,
   * then waits until others' have gone. Default 32 MiB.
   */
  readonly highWaterMark?: number;
}

/** @internal Options of {@link createFront}. */
export interface FrontOptions {
  /** With it everything is encrypted, and who can speaks HTTP/2. */
  readonly tls?: ServerTls | undefined;
  /** Whether HTTP/2 is spoken without TLS as well, with those who begin with it. */
  readonly h2c?: boolean | undefined;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long nobody says anything over HTTP/2 before he is asked whether he lives. Default 30 000. */
  readonly pingMs?: number | undefined;
  /** Bounds of a connection of HTTP/2. */
  readonly http2?: Http2Options | undefined;
  /** Counts what is refused before it is a request. */
  readonly refusals?: Pick<Refusals, 'count'> | undefined;
}

/**
 * How long an idle connection is kept, in milliseconds: longer than the minute after which most proxies let go of theirs, so that
 * no request meets a connection that is just being closed.
 */
const keepAliveMs = 75_000;
/** What Node lets a connection of HTTP/2 have beside that, in MiB, before it refuses requests: whole answers, and one last page. */
const spareMemory = 256;

/** @internal What stands on a port, and speaks HTTP/1.1 and HTTP/2 there. */
export interface Front {
  /** Whether it is `https`. */
  readonly secure: boolean;
  /** What speaks HTTP/1.1, WebSockets among it. */
  readonly http: HttpServer;
  /** Begins to listen. Resolves with the port; rejects as `listen` does. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections, and lets those go that nothing is under way on. Resolves when all have ended. */
  close(): Promise<void>;
  /** Breaks all connections. */
  abort(): void;
}

/** @internal Makes what stands on a port. */
export function createFront(answer: RequestListener, options: FrontOptions): Front {
  const { tls, h2c = false } = options;
  const http = createHttpServer(
    timeoutsOf(options),
    inTurn(answer, () => options.refusals?.count('rate')),
  );
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http2 = tls !== undefined || h2c ? speakHttp2(answer, sessions, options) : undefined;
  const gate = http2 === undefined ? http : gateTo(http, http2, options);
  // A server that does not listen itself looks after its connections only when it believes it does.
  if (gate !== http) gate.on('listening', () => http.emit('listening'));
  // Node forgets a connection that is no longer one of HTTP, and would wait for it for ever. One function for all of them.
  const forget = function (this: Socket): void {
    sockets.delete(this);
  };
  const know = (socket: Socket): void => void sockets.add(socket.on('close', forget));
  gate.on('connection', know);
  // Where there is TLS, this is another socket over the same connection: it has read what was asked, and no greetings.
  if (tls !== undefined) http.on('connection', know);
  return {
    secure: tls !== undefined,
    http,
    listen: async (host, port) => await bind(gate, host, port),
    close: async () => {
      await new Promise<void>((resolve) => {
        gate.close(() => resolve());
        if (gate !== http) http.close();
        http.closeIdleConnections();
        for (const session of sessions) session.close();
        // Opened in advance, as browsers do: to Node these are not idle, for nothing was ever asked on them.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      });
    },
    abort: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Who sends a request byte by byte does not keep its connection for long. */
function timeoutsOf({ headersTimeoutMs, requestTimeoutMs }: FrontOptions) {
  const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs);
  return {
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 4),
  };
}

function speakHttp2(
  answer: RequestListener,
  sessions: Set<ServerHttp2Session>,
  { requestTimeoutMs, pingMs = 30_000, refusals, http2: bounds = {} }: FrontOptions,
): Http2Server {
  const maxConcurrentStreams = checkBound('http2.maxStreams', bounds.maxStreams ?? 250, { max: 2 ** 31 - 1 });
  const highWaterMark = checkBound('http2.highWaterMark', bounds.highWaterMark ?? 32 << 20);
  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams },
    maxSessionMemory: spareMemory + Math.ceil(highWaterMark / 2 ** 20),
    Http2ServerResponse: Http2Response as never,
  });
  const rooms = new WeakMap<ServerHttp2Stream, Room>();
  // First: what asks for the host finds it where HTTP/1.1 has it.
  http2.on('stream', (_, headers) => {
    headers.host ??= headers[':authority'];
  });
  const slow = (): void => refusals?.count('slow');
  http2.on('request', (request, response) => {
    (response as Http2Response).enter(rooms.get(request.stream)!);
    boundBody(request, response, requestTimeoutMs, slow);
    answer(request as never, response as never);
  });
  let socket: Socket;
  http2.prependListener('connection', (arrived: Socket) => (socket = arrived));
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    const room = new Room(highWaterMark);
    session.prependListener('stream', (stream) => rooms.set(stream, room));
    tendSession(session, socket, { room, keepAliveMs, pingMs, refused: slow });
    boundResets(session, () => refusals?.count('rate'));
  });
  // Floods of what is no request, and what is not HTTP/2 at all: Node has ended the connection.
  http2.on('sessionError', () => refusals?.count('frame'));
  return http2;
}

/** What a connection comes to first, and is led from to who speaks its language. */
function gateTo(http: HttpServer, http2: Http2Server, { tls, headersTimeoutMs, refusals }: FrontOptions): NetServer {
  const lead = (socket: Socket, isHttp2: boolean): void => void (isHttp2 ? http2 : http).emit('connection', socket);
  if (tls === undefined) return createPlainServer((socket) => sniff(socket, headersTimeoutMs, lead, refusals));
  const options = { ...tls, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: headersTimeoutMs };
  return createTlsServer(options, (socket) => lead(socket, socket.alpnProtocol === 'h2')).on(
    'tlsClientError',
    (error) => countUnread(refusals, error),
  );
}

/** Those who speak HTTP/2 without being asked begin with a request that no other has (RFC 9113, section 3.4). */
const preface = 'PRI';

function sniff(
  socket: Socket,
  patienceMs: number,
  lead: (socket: Socket, isHttp2: boolean) => void,
  refusals: FrontOptions['refusals'],
): void {
  const giveUp = (): void => {
    refusals?.count('slow');
    socket.destroy();
  };
  socket.on('error', ignore);
  socket.setTimeout(patienceMs, giveUp);
  socket.once('data', (first: Buffer) => {
    socket.setTimeout(0, giveUp);
    socket.pause();
    socket.unshift(first);
    lead(socket, first.toString('latin1', 0, preface.length) === preface);
    // Once those who read are there.
    process.nextTick(() => socket.resume());
  });
}

/** A client that goes while it is being greeted is nobody's trouble. */
const ignore = (): void => {};

async function bind(gate: NetServer, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    gate.once('error', reject);
    gate.listen(port, host, () => {
      gate.off('error', reject);
      resolve();
    });
  });
  return (gate.address() as { port: number }).port;
}
