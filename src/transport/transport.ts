import type { Principal } from '../auth/auth.js';
import type { BadFrame, ClientFrame, Message, OutgoingFrame, RequestFrame, ServerFrame } from '../protocol/index.js';

/**
 * One duplex connection that carries frames, whatever is beneath it. The adapter encodes, decodes and knows the socket;
 * the machine above it knows neither.
 */
export interface Link<Out = OutgoingFrame> {
  // A property, not a method: so that what takes requests only is no link for all frames.
  /** Sends frames as one message. Before `opened`, and after the end, it does nothing. */
  send: (frames: readonly Out[]) => void;

  /**
   * Whether the link takes more without piling up: false while more bytes wait to be handed on than its high-water mark
   * allows. Sending on is still possible, and unbounded: it is the caller who must hold back.
   */
  readonly writable: boolean;

  /**
   * Whether there is room for so many bytes of chunks, where the link shares what may wait with others: then they are to be sent.
   * `drained` follows when there may be room after there was none. Default: there is, whenever it is writable.
   */
  takes?(bytes: number): boolean;

  /**
   * Ends the link in good order. `closed` follows with the same code and reason, in a later turn, and does not wait for
   * the peer, who may never answer. The second call does nothing.
   */
  close(code: number, reason: string): void;
}

/** What a link tells the machine above it. Nothing comes after `closed`. */
export interface LinkEvents<In> {
  /** Frames of one message, in order. */
  frames(frames: readonly (In | BadFrame)[]): void;
  /** The link is writable again, after it was not. */
  drained(): void;
  /** The link has ended, by whomever. Exactly once. */
  closed(code: number, reason: string): void;
}

/** What a server hears of a link. */
export interface ServerLinkEvents extends LinkEvents<ClientFrame> {
  /** A ping of what is beneath the link, a WebSocket's, was answered there: it shows that the peer lives, and counts like a frame. */
  pinged?(): void;
}

/** What a client hears of a link: `opened` comes first, unless `closed` does. */
export interface ClientLinkEvents extends LinkEvents<ServerFrame> {
  opened(): void;
}

/** The port of a client's transports: opens links to one server. */
export interface ClientTransport {
  /** Begins to open a link. Answers at once: how it goes comes through the events, never before this call returns. */
  connect(events: ClientLinkEvents): Link;
}

/** The port of transports that are there for reading: they take no frame with chunks. Every client's transport is one. */
export interface ReadTransport {
  /** As {@link ClientTransport.connect}. */
  connect(events: ClientLinkEvents): Link<RequestFrame>;
}

/** Where a server's transports hand their links: `accept` answers with the events it wants. */
export interface LinkAcceptor {
  accept(link: Link, peer: Peer): ServerLinkEvents;
}

/** Who is at the other end, as far as the transport knows. */
export interface Peer {
  /** How it came: `websocket`, `sse`, `memory`. */
  readonly transport: string;
  /** Who it is, where the transport knows. */
  readonly principal?: Principal;
  /** Remote address, where there is one. */
  readonly address?: string;
  /** Request headers, where there were any, names in lower case. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

export type { Message };
