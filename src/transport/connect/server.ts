import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  cors,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Principal } from '../../auth/auth.js';
import { checkBound } from '../../chunk/index.js';
import { type Share, shareOf } from '../../flow/room.js';
import type { Refusals } from '../../probe/index.js';
import { checkOrigins, originAllowed, type Origins } from '../../protocol/origin.js';
import type { LinkAcceptor, Peer } from '../transport.js';
import type { CallSurroundings } from './call.js';
import { callErrorOf } from './failure.js';
import { cancelCall, publishCall } from './publish-call.js';
import { readCall } from './read-call.js';
import { StreamService } from './streams-pb.js';

/** Options of {@link connectHandler}. */
export interface ConnectHandlerOptions {
  /** Pages of other hosts that may call. Default: none. */
  readonly origins?: Origins;
  /** Chunks that may be on their way to a slow reader. Default 256. */
  readonly windowChunks?: number;
  /** Bytes of chunk data that may be on their way to a slow reader. Default 256 KiB. */
  readonly windowBytes?: number;
  /** Bytes of a message from a caller; a larger one is refused. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Counts calls that cannot be read. Default: nobody does. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /** Clock and timers. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Makes a handler of Node for calls of gRPC, gRPC-Web and Connect, as `proto/sluice/v1/streams.proto` has them. gRPC needs HTTP/2;
 * the others are served over HTTP/1.1 as well. To the acceptor each call is a link like any other.
 *
 * @returns answers a request whose path is that of a call, from who it is, where that is known; says whether it is one
 *
 * @example
 * const handle = connectHandler(gateway);
 * createServer((request, response) => handle(request, response) || response.writeHead(404).end());
 */
export function connectHandler(
  acceptor: LinkAcceptor,
  options: ConnectHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse, principal?: Principal) => boolean {
  const scheduler = options.scheduler ?? asyncScheduler;
  const origins = checkOrigins(options.origins);
  const window = {
    chunks: checkBound('windowChunks', options.windowChunks ?? 256),
    bytes: checkBound('windowBytes', options.windowBytes ?? 256 * 1024),
  };
  const around = ({ values, signal }: HandlerContext): CallSurroundings => {
    const asked = values.get(askedKey);
    asked.isRead = true;
    return { acceptor, peer: asked.peer, scheduler, signal, share: asked.share };
  };
  const refused = (): void => options.refusals?.count('request');
  const routes = (router: ConnectRouter): void => {
    router.service(StreamService, {
      read: (request, context) => told(readCall(request, around(context), window)),
      publish: async (request, context) => await publishCall([request], around(context)).catch(raise),
      publishAll: async (requests, context) =>
        await publishCall(readable(requests, refused), around(context)).catch(raise),
      cancel: async (request, context) => await cancelCall(request, around(context)).catch(raise),
    });
  };
  const calls = new WeakMap<IncomingMessage, Asked>();
  const call = connectNodeAdapter({
    routes,
    readMaxBytes: checkBound('maxMessageBytes', options.maxMessageBytes ?? 1 << 20),
    contextValues: (request) => createContextValues().set(askedKey, calls.get(request as IncomingMessage)!),
  });
  return (request, response, principal) => {
    if (request.url?.startsWith(prefix) !== true) return false;
    if (!originAllowed(origins, request.headers)) response.writeHead(403).end();
    else if (!allowOrigin(request, response)) {
      const asked: Asked = { peer: peerOf(request, principal), share: shareOf(response), isRead: false };
      calls.set(request, asked);
      // What cannot be read is answered before anybody of ours hears of it.
      response.once('close', () => {
        if (!asked.isRead && response.writableEnded) refused();
      });
      call(request, response);
    }
    return true;
  };
}

const prefix = `/${StreamService.typeName}/`;

/** A request that is to be a call. */
interface Asked {
  readonly peer: Peer;
  readonly share: Share;
  /** It has become one. */
  isRead: boolean;
}

const askedKey = createContextKey<Asked>({ peer: { transport: 'connect' }, share: shareOf({}), isRead: true });

/** Codes of messages that cannot be read; others are of callers who go. */
const unreadable: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.ResourceExhausted, Code.Unimplemented]);

async function* readable<T>(messages: AsyncIterable<T>, refused: () => void): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    if (unreadable.has(ConnectError.from(error).code)) refused();
    throw error;
  }
}

async function* told<T>(answers: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* answers;
  } catch (error) {
    raise(error);
  }
}

function raise(error: unknown): never {
  throw callErrorOf(error);
}

/** Lets a page that may call see the answer: it was checked before. Answers whether that was all there was to do. */
function allowOrigin(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  response.setHeader('vary', 'origin');
  if (origin === undefined) return false;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', cors.exposedHeaders.join(', '));
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('access-control-allow-methods', cors.allowedMethods.join(', '));
  response.setHeader('access-control-allow-headers', [...cors.allowedHeaders, 'authorization'].join(', '));
  response.writeHead(204).end();
  return true;
}

function peerOf({ headers, socket }: IncomingMessage, principal: Principal | undefined): Peer {
  const { remoteAddress: address } = socket;
  return {
    transport: 'connect',
    headers,
    ...(address === undefined ? {} : { address }),
    ...(principal === undefined ? {} : { principal }),
  };
}
