import type { IncomingMessage, ServerResponse } from 'node:http';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Principal } from '../../auth/auth.js';
import { checkBound, checkName, StreamError } from '../../chunk/index.js';
import { countStatus, type Refusals } from '../../probe/index.js';
import { checkOrigins, originAllowed, type Origins } from '../../protocol/origin.js';
import type { LinkAcceptor, Peer } from '../transport.js';
import { EventStreamLink } from './link.js';
import { readPosition } from './position.js';
import { lifeHeader, lifeQuery, seqHeader, snapshotHeader, streamOfUrl } from './route.js';
import { statusOf } from './status.js';
import { errorJson } from './write-frame.js';

export type { Origins } from '../../protocol/origin.js';

/** Options of {@link serveEventStream}. */
export interface EventStreamOptions {
  /** The stream to read. Default: the one the request's path names, see `streamOfUrl`. */
  readonly stream?: string;
  /** Chunks that may be on their way to a slow socket. Default 256. */
  readonly windowChunks?: number;
  /** Bytes of chunk data that may be on their way to a slow socket. Default 256 KiB. */
  readonly windowBytes?: number;
  /** How long nothing is sent before a comment shows that the connection lives, in milliseconds. Default 15 000. */
  readonly heartbeatMs?: number;
  /** How long a browser waits before it reconnects, in milliseconds. Default 1 000. */
  readonly retryMs?: number;
  /**
   * How long the headers of a resuming reader may be held back, in milliseconds: if the stream turns out to have ended
   * where the reader is, the answer is 204, which stops an `EventSource`. Default 250.
   */
  readonly resumeHoldMs?: number;
  /** Pages of other hosts that may read, see {@link Origins}. Default: none. */
  readonly origins?: Origins;
  /** From 0 to less than 1: spreads readers that are all sent away. Default `Math.random`. */
  readonly random?: () => number;
  /** Who asks, where somebody has found that out. Default: nobody in particular. */
  readonly principal?: Principal;
  /** Counts requests that cannot be obeyed. Default: nobody does. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /** Clock and timer. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Serves one stream as server-sent events, as PROTOCOL.md section 8 has it: a plain `EventSource` reads it, and resumes
 * where it was. To the acceptor it is a link like any other, whose client subscribes and grants credit as the socket takes
 * bytes: a slow socket holds its own credit and nothing else.
 *
 * @example
 * createServer((request, response) => serveEventStream(request, response, gateway));
 */
export function serveEventStream(
  request: IncomingMessage,
  response: ServerResponse,
  acceptor: LinkAcceptor,
  options: EventStreamOptions = {},
): void {
  const settings = {
    windowChunks: checkBound('windowChunks', options.windowChunks ?? 256),
    windowBytes: checkBound('windowBytes', options.windowBytes ?? 256 * 1024),
    heartbeatMs: checkBound('heartbeatMs', options.heartbeatMs ?? 15_000),
    retryMs: checkBound('retryMs', options.retryMs ?? 1_000, { min: 0 }),
    resumeHoldMs: checkBound('resumeHoldMs', options.resumeHoldMs ?? 250, { min: 0 }),
    random: options.random ?? Math.random,
    scheduler: options.scheduler ?? asyncScheduler,
  };
  const origins = checkOrigins(options.origins);
  if (!originAllowed(origins, request.headers)) {
    return refuse(response, new StreamError('connection-refused', 'this origin may not read'));
  }
  allowOrigin(request, response);
  if (request.method === 'OPTIONS' && request.headers.origin !== undefined) return preflight(response);
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    return refuse(response, new StreamError('frame-invalid', 'a stream is read with GET', { field: 'method' }), 405);
  }
  let start;
  try {
    start = startOf(request, options.stream);
  } catch (error) {
    countStatus(options.refusals, statusOf((error as StreamError).code));
    return refuse(response, error as StreamError);
  }
  new EventStreamLink(response, acceptor, peerOf(request, options.principal), start, settings);
}

function startOf(request: IncomingMessage, stream: string | undefined) {
  const url = request.url ?? '';
  const streamId = stream === undefined ? streamOfUrl(url) : checkName(stream);
  if (streamId === undefined) throw new StreamError('stream-not-found', 'the path names no stream');
  const lastEventId = request.headers['last-event-id']?.toString();
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
  const from = readPosition(lastEventId, query.get('from') ?? undefined);
  const life = query.get(lifeQuery) ?? undefined;
  return { streamId, from, life, resumed: lastEventId !== undefined && lastEventId !== '' };
}

/** Lets the page that asks see the answer: it was checked before. */
function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', [seqHeader, lifeHeader, snapshotHeader].join(', '));
}

function preflight(response: ServerResponse): void {
  response.setHeader('access-control-allow-methods', 'GET');
  response.setHeader('access-control-allow-headers', 'authorization, last-event-id');
  response.writeHead(204).end();
}

function refuse(response: ServerResponse, error: StreamError, status = statusOf(error.code)): void {
  const { field } = error.details;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(errorJson({ code: error.code, message: error.message, field }));
}

function peerOf({ headers, socket }: IncomingMessage, principal: Principal | undefined): Peer {
  const address = socket.remoteAddress;
  return {
    transport: 'sse',
    ...(principal === undefined ? {} : { principal }),
    ...(address === undefined ? {} : { address }),
    headers,
  };
}
