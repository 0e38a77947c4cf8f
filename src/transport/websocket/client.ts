import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { checkBound, kindOf } from '../../chunk/index.js';
import { encodeMessage, encodeRequests, type OutgoingFrame, subprotocol } from '../../protocol/index.js';
import { addressOfLink, createAddresses, type ServerAddress } from '../addresses.js';
import type { ClientLinkEvents, ClientTransport, ReadTransport } from '../transport.js';
import { ClientLink, type ClientSocket, type ClientSocketClass } from './client-link.js';
import { PressedLink } from './pressed-link.js';

export type { Address, ServerAddress } from '../addresses.js';
export type { ClientSocket, ClientSocketClass } from './client-link.js';

/** Options of {@link createWebSocketReadTransport}. */
export interface WebSocketReadTransportOptions {
  /**
   * Address of the server: `ws:` or `wss:`, or `http:` or `https:` for the same. Of several, gateways over one log, the first is
   * left to chance, and the next is taken whenever a link fails.
   */
  readonly url: ServerAddress;
  /** The class to open sockets with. Default: the platform's own; Node has one from version 22 on. */
  readonly WebSocket?: ClientSocketClass;
  /** From 0 to less than 1: where in a list of addresses to begin. Default `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link createWebSocketTransport}. */
export interface WebSocketTransportOptions extends WebSocketReadTransportOptions {
  /** Bytes that may wait to be sent before the link stops being writable. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** How often a full link looks whether it has drained, in milliseconds: sockets do not say it. Default 20. */
  readonly pollMs?: number;
  /** Timer of the poll. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Links over WebSocket, from a browser or from Node.
 *
 * @throws TypeError when `url` is no address of a server, or there is no WebSocket class
 *
 * @example
 * const transport = createWebSocketTransport({ url: 'ws://127.0.0.1:4437', WebSocket }); // from 'ws', on Node 20
 */
export function createWebSocketTransport(options: WebSocketTransportOptions): ClientTransport {
  const { highWaterMark = 1 << 20, pollMs = 20, scheduler = asyncScheduler } = options;
  checkBound('highWaterMark', highWaterMark);
  checkBound('pollMs', pollMs);
  const encode = (frames: readonly OutgoingFrame[]) => encodeMessage(frames).data;
  const pressure = { highWaterMark, pollMs, scheduler };
  return transport(options, (create, events) => new PressedLink(create, encode, events, pressure));
}

/**
 * The same for clients that only read: what writes chunks is not loaded.
 *
 * @throws TypeError when `url` is no address of a server, or there is no WebSocket class
 *
 * @example
 * const client = createReadClient({ transport: createWebSocketReadTransport({ url: location.origin }) });
 */
export function createWebSocketReadTransport(options: WebSocketReadTransportOptions): ReadTransport {
  return transport(options, (create, events) => new ClientLink(create, encodeRequests, events));
}

function transport<L>(
  { url, WebSocket, random }: WebSocketReadTransportOptions,
  open: (create: () => ClientSocket, events: ClientLinkEvents) => L,
) {
  const addresses = createAddresses(url, checkUrl, random);
  const SocketClass = WebSocket ?? (globalThis as { WebSocket?: ClientSocketClass }).WebSocket;
  if (SocketClass === undefined) throw new TypeError('WebSocket must be given: this platform has none of its own');
  return {
    connect: (heard: ClientLinkEvents): L => {
      const { address, events } = addressOfLink(addresses, heard);
      return open(() => new SocketClass(address(), subprotocol), events);
    },
  };
}

function checkUrl(url: unknown): string {
  const text = url instanceof URL ? url.href : url;
  if (typeof text !== 'string' || !/^\s*(?:ws|http)s?:/i.test(text) || !URL.canParse(text)) {
    throw new TypeError(`url must be a ws:, wss:, http: or https: address, got ${kindOf(url)}`);
  }
  const parsed = new URL(text);
  // A fragment never reaches a server, and WebSocket constructors refuse it.
  parsed.hash = '';
  return parsed.href.replace(/^http/, 'ws');
}
