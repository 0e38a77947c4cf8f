import type { StreamError } from '../../chunk/index.js';
import { closedNormally, connectionLost, decodeFromServer, messageMalformed } from '../../protocol/index.js';
import type { ClientLinkEvents, Link } from '../transport.js';
import { fitReason } from './reason.js';

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

/** `readyState` of an open socket. */
const open = 1;

/** How frames become a message. */
export type Encode<Out> = (frames: readonly Out[]) => string | Uint8Array<ArrayBuffer>;

/** @internal A link over one WebSocket, for those who send little. */
export class ClientLink<Out> implements Link<Out> {
  protected readonly socket: ClientSocket | undefined;
  protected over = false;
  readonly #encode: Encode<Out>;
  protected readonly events: ClientLinkEvents;

  constructor(create: () => ClientSocket, encode: Encode<Out>, events: ClientLinkEvents) {
    this.#encode = encode;
    this.events = events;
    try {
      this.socket = create();
    } catch (error) {
      // A page's security policy may forbid the address: for the machine above, a connection that failed.
      this.close(connectionLost, error instanceof Error ? error.message : String(error));
      return;
    }
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => {
      if (!this.over) this.events.opened();
    };
    this.socket.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => this.#received(data);
    this.socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
      if (this.over) return;
      this.over = true;
      this.events.closed(code, reason);
    };
    // What went wrong is in no event a page may see; that something did comes as `close`, always.
    this.socket.onerror = () => {};
  }

  get writable(): boolean {
    return true;
  }

  send(frames: readonly Out[]): void {
    if (!this.over && this.socket?.readyState === open && frames.length > 0) this.socket.send(this.#encode(frames));
  }

  close(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    if (this.socket !== undefined) closeSocket(this.socket, code, reason);
    // Told at once, for the peer may never answer; in a later turn, for the caller is not done yet.
    queueMicrotask(() => this.events.closed(code, reason));
  }

  #received(data: string | ArrayBuffer): void {
    if (this.over) return;
    let frames;
    try {
      frames = decodeFromServer(typeof data === 'string' ? data : new Uint8Array(data));
    } catch (error) {
      return this.close(messageMalformed, (error as StreamError).message);
    }
    this.events.frames(frames);
  }
}

/** Browsers let a page close with 1000 and with 3000 to 4999; the server's own codes are left out. */
function closeSocket(socket: ClientSocket, code: number, reason: string): void {
  if (code === closedNormally || (code >= 3000 && code < 5000)) socket.close(code, fitReason(reason));
  else socket.close();
}
