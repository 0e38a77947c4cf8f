import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { checkBound, kindOf, type StreamError } from '../../chunk/index.js';
import { closeCodes, decodeFromServer, encodeMessage, type OutgoingFrame, subprotocol } from '../../protocol/index.js';
import { addressOfLink, createAddresses, type ServerAddress } from '../addresses.js';
import type { ClientLinkEvents, ClientTransport, Link } from '../transport.js';
import { fitReason } from './reason.js';

export type { Address, ServerAddress } from '../addresses.js';

/** What is needed of a client's WebSocket: a browser's has it, and that of `ws`. */
export interface ClientSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** A class of client WebSockets. */
export type ClientSocketClass = new (url: string, protocols: string) => ClientSocket;

/** Options of {@link createWebSocketTransport}. */
export interface WebSocketTransportOptions {
  /**
   * Address of the server: `ws:` or `wss:`, or `http:` or `https:` for the same. Of several, gateways over one log, the first is
   * left to chance, and the next is taken whenever a link fails.
   */
  readonly url: ServerAddress;
  /** The class to open sockets with. Default: the platform's own; Node has one from version 22 on. */
  readonly WebSocket?: ClientSocketClass;
  /** Bytes that may wait to be sent before the link stops being writable. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** How often a full link looks whether it has drained, in milliseconds: sockets do not say it. Default 20. */
  readonly pollMs?: number;
  /** From 0 to less than 1: where in a list of addresses to begin. Default `Math.random`. */
  readonly random?: () => number;
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
  const addresses = createAddresses(options.url, checkUrl, options.random);
  const SocketClass = options.WebSocket ?? (globalThis as { WebSocket?: ClientSocketClass }).WebSocket;
  if (SocketClass === undefined) throw new TypeError('WebSocket must be given: this platform has none of its own');
  const pressure: Pressure = {
    highWaterMark: checkBound('highWaterMark', options.highWaterMark ?? 1 << 20),
    pollMs: checkBound('pollMs', options.pollMs ?? 20),
    scheduler: options.scheduler ?? asyncScheduler,
  };
  return {
    connect: (heard) => {
      const { address, events } = addressOfLink(addresses, heard);
      return new ClientLink(() => new SocketClass(address(), subprotocol), events, pressure);
    },
  };
}

const schemes: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
]);

function checkUrl(url: unknown): string {
  const text = url instanceof URL ? url.href : url;
  const parsed = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const scheme = parsed && schemes.get(parsed.protocol);
  if (parsed === undefined || scheme === undefined) {
    throw new TypeError(`url must be a ws:, wss:, http: or https: address, got ${kindOf(url)}`);
  }
  // A fragment never reaches a server, and WebSocket constructors refuse it.
  parsed.hash = '';
  return scheme + parsed.href.slice(parsed.protocol.length);
}

interface Pressure {
  readonly highWaterMark: number;
  readonly pollMs: number;
  readonly scheduler: SchedulerLike;
}

/** `readyState` of an open socket. */
const open = 1;

class ClientLink implements Link {
  readonly #socket: ClientSocket | undefined;
  #poll: Subscription | undefined;
  #over = false;

  readonly #events: ClientLinkEvents;
  readonly #pressure: Pressure;

  constructor(create: () => ClientSocket, events: ClientLinkEvents, pressure: Pressure) {
    this.#events = events;
    this.#pressure = pressure;
    try {
      this.#socket = create();
    } catch (error) {
      // A page's security policy may forbid the address: for the machine above, a connection that failed.
      this.close(closeCodes.lost, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => {
      if (!this.#over) this.#events.opened();
    };
    this.#socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => this.#received(data);
    this.#socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
      if (this.#end()) this.#events.closed(code, reason);
    };
    // What went wrong is in no event a page may see; that something did comes as `close`, always.
    this.#socket.onerror = () => {};
  }

  get writable(): boolean {
    return this.#poll === undefined;
  }

  send(frames: readonly OutgoingFrame[]): void {
    const socket = this.#socket;
    if (this.#over || socket?.readyState !== open || frames.length === 0) return;
    socket.send(encodeMessage(frames).data);
    if (this.writable && socket.bufferedAmount >= this.#pressure.highWaterMark) this.#watch(socket);
  }

  #watch(socket: ClientSocket): void {
    const { scheduler, pollMs, highWaterMark } = this.#pressure;
    const again = (): void => {
      this.#poll = scheduler.schedule(() => {
        if (socket.bufferedAmount > highWaterMark / 2) return again();
        this.#poll = undefined;
        this.#events.drained();
      }, pollMs);
    };
    again();
  }

  close(code: number, reason: string): void {
    if (!this.#end()) return;
    if (this.#socket !== undefined) closeSocket(this.#socket, code, reason);
    // Told at once, for the peer may never answer; in a later turn, for the caller is not done yet.
    queueMicrotask(() => this.#events.closed(code, reason));
  }

  #received(data: string | ArrayBuffer): void {
    if (this.#over) return;
    let frames;
    try {
      frames = decodeFromServer(typeof data === 'string' ? data : new Uint8Array(data));
    } catch (error) {
      this.close(closeCodes['frame-malformed'], (error as StreamError).message);
      return;
    }
    this.#events.frames(frames);
  }

  /** Answers whether this was the end. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#poll?.unsubscribe();
    return true;
  }
}

/** Browsers let a page close with 1000 and with 3000 to 4999; the server's own codes are left out. */
function closeSocket(socket: ClientSocket, code: number, reason: string): void {
  if (code === closeCodes.normal || (code >= 3000 && code < 5000)) socket.close(code, fitReason(reason));
  else socket.close();
}
