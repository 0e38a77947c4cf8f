import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Principal } from '../../auth/auth.js';
import { checkBound, type StreamError } from '../../chunk/index.js';
import {
  closeCodes,
  decodeFromClient,
  encodeMessage,
  type Message,
  type OutgoingFrame,
  subprotocol,
} from '../../protocol/index.js';
import type { Refusals } from '../../probe/index.js';
import { checkOrigins, originAllowed, type Origins } from '../../protocol/origin.js';
import type { Link, LinkAcceptor, Peer, ServerLinkEvents } from '../transport.js';
import { framed } from './framed.js';
import { fitReason } from './reason.js';

export type { Origins } from '../../protocol/origin.js';

/** What is needed of a server's WebSocket: the class of `ws` has it. */
export interface ServerSocket {
  readonly protocol: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  /** What was agreed on at the handshake: empty, or the compression of messages. */
  readonly extensions: string;
  send(data: string | Uint8Array, options: SendOptions, sent?: (error?: Error) => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'ping', listener: () => void): unknown;
}

/** How a message is sent. */
export interface SendOptions {
  readonly binary: boolean;
  readonly compress: boolean;
}

/** Options of {@link createWebSocketAcceptor}. */
export interface WebSocketAcceptorOptions {
  /** Bytes a message may have; a larger one ends the connection with 1009. Default 65 536. */
  readonly maxFrame?: number;
  /** Bytes that may wait for a slow socket before its link stops being writable. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** Pages that may connect, see {@link Origins}. Default: those of the host itself, and everything that is no page. */
  readonly origins?: Origins;
  /** Compresses messages, or those of at least so many bytes. Costs memory and time for every connection. Default `false`. */
  readonly perMessageDeflate?: boolean | { readonly threshold: number };
  /** How long a client may take to agree to be closed, in milliseconds: who does not is hung up on. Default 5 000. */
  readonly closeMs?: number;
  /** Counts WebSockets that are not of this protocol. Default: nobody does. */
  readonly refusals?: Pick<Refusals, 'count'>;
}

/** Brings WebSockets of `ws` to a gateway. */
export interface WebSocketAcceptor {
  /** For `new WebSocketServer({ ...serverOptions, port })`: bad handshakes and large messages are refused early. */
  readonly serverOptions: WebSocketServerSettings;
  /** For the event `connection`, or the callback of `handleUpgrade`. */
  readonly connection: (socket: ServerSocket, request: IncomingMessage, principal?: Principal) => void;
}

/** What {@link createWebSocketAcceptor} tells a `WebSocketServer`, in the words of `ws`. */
export interface WebSocketServerSettings {
  readonly maxPayload: number;
  readonly closeTimeout: number;
  readonly perMessageDeflate: boolean;
  readonly handleProtocols: (offered: Set<string>) => string | false;
  readonly verifyClient: (
    info: { readonly req: IncomingMessage },
    answer: (allowed: boolean, status?: number, message?: string) => void,
  ) => void;
}

/**
 * Makes links of WebSockets and hands them to an acceptor. It works with any `WebSocketServer`; one made with
 * `serverOptions` refuses foreign pages with 403 and oversized messages before they are read.
 *
 * @example
 * const sockets = createWebSocketAcceptor(gateway);
 * new WebSocketServer({ ...sockets.serverOptions, port: 4437 }).on('connection', sockets.connection);
 */
export function createWebSocketAcceptor(
  acceptor: LinkAcceptor,
  options: WebSocketAcceptorOptions = {},
): WebSocketAcceptor {
  const maxFrame = checkBound('maxFrame', options.maxFrame ?? 65_536);
  const highWaterMark = checkBound('highWaterMark', options.highWaterMark ?? 1 << 20);
  const closeTimeout = checkBound('closeMs', options.closeMs ?? 5000);
  const origins = checkOrigins(options.origins);
  const { perMessageDeflate = false } = options;
  const threshold = typeof perMessageDeflate === 'boolean' ? 0 : perMessageDeflate.threshold;
  const bounds = { maxFrame, highWaterMark, threshold: checkBound('threshold', threshold, { min: 0 }) };
  return {
    serverOptions: {
      maxPayload: maxFrame,
      // `ws` would wait for 30 s, and so keep open whoever is turned away and does not care.
      closeTimeout,
      perMessageDeflate: perMessageDeflate !== false,
      // Any of the offered ones otherwise: without an answer a browser sees a failed handshake and never the close code.
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : ([...offered][0] ?? false)),
      verifyClient: ({ req }, answer) => {
        if (originAllowed(origins, req.headers)) answer(true);
        else answer(false, 403, 'this origin may not connect');
      },
    },
    connection: (socket, request, principal) => {
      const refusal = refusalOf(socket, request, origins);
      if (refusal === undefined)
        return void new ServerLink(socket, acceptor, request, peerOf(request, principal), bounds);
      if (refusal.code !== policyViolation) options.refusals?.count('request');
      refuse(socket, refusal.code, refusal.reason);
    },
  };
}

function refusalOf(socket: ServerSocket, request: IncomingMessage, origins: Origins | undefined) {
  if (!originAllowed(origins, request.headers)) return { code: policyViolation, reason: 'this origin may not connect' };
  if (socket.protocol === subprotocol) return undefined;
  const offered = request.headers['sec-websocket-protocol'];
  const got = offered === undefined ? 'none was offered' : `"${offered}" was offered`;
  return { code: closeCodes['protocol-unsupported'], reason: `the subprotocol must be ${subprotocol}: ${got}` };
}

function refuse(socket: ServerSocket, code: number, reason: string): void {
  socket.on('error', ignore);
  socket.close(code, fitReason(reason));
}

function peerOf({ headers, socket }: IncomingMessage, principal: Principal | undefined): Peer {
  const address = socket.remoteAddress;
  return {
    transport: 'websocket',
    ...(principal === undefined ? {} : { principal }),
    ...(address === undefined ? {} : { address }),
    headers,
  };
}

/** RFC 6455, section 7.4.1. */
const policyViolation = 1008;
/** `WebSocket.OPEN`. */
const openState = 1;
const ignore = (): void => {};
/** Bytes of UTF-8, at most, for one unit of a string's length. */
const bytesPerUnit = 3;
const asText = formsOf(false);
const asBinary = formsOf(true);

/** How a message is sent, made once: as it is, and compressed where that was agreed on. */
function formsOf(binary: boolean): readonly [plain: SendOptions, compressed: SendOptions] {
  return [
    { binary, compress: false },
    { binary, compress: true },
  ];
}

/** What a link is held to; `threshold` in units of a message's length. */
interface LinkBounds {
  readonly maxFrame: number;
  readonly highWaterMark: number;
  readonly threshold: number;
}

class ServerLink implements Link {
  private readonly events: ServerLinkEvents;
  private readonly lowWaterMark: number;
  private full = false;
  /** The last send left something waiting. */
  private waiting = false;
  /** Answers to pings that came while nobody took what was sent. */
  private untaken = 0;
  private over = false;
  /** Where frames are written that are made once for all links; `undefined` where each makes its own. */
  private readonly wire: Duplex | undefined;

  constructor(
    private readonly socket: ServerSocket,
    acceptor: LinkAcceptor,
    request: IncomingMessage,
    peer: Peer,
    private readonly bounds: LinkBounds,
  ) {
    this.lowWaterMark = bounds.highWaterMark / 2;
    // A socket that compresses has to do that itself.
    this.wire = socket.extensions === '' ? request.socket : undefined;
    socket.on('message', (data, isBinary) => this.received(data, isBinary));
    socket.on('close', (code, reason) => this.finish(code, reason.toString()));
    socket.on('error', (error) => this.failed(error));
    socket.on('ping', () => this.pinged());
    this.events = acceptor.accept(this, peer);
  }

  get writable(): boolean {
    return !this.full;
  }

  send(frames: readonly OutgoingFrame[]): void {
    if (this.over || frames.length === 0) return;
    this.write(encodeMessage(frames));
    const { bufferedAmount } = this.socket;
    this.waiting = bufferedAmount > 0;
    if (bufferedAmount >= this.bounds.highWaterMark) this.full = true;
  }

  private write(message: Message): void {
    const { socket, wire } = this;
    // Being called back costs every send a task: it is asked for only where the link may fill up before the next one.
    const mayFill = this.waiting || message.data.length * bytesPerUnit >= this.bounds.highWaterMark;
    const sent = mayFill ? this.sent : undefined;
    if (wire === undefined) socket.send(message.data, this.formOf(message), sent);
    // Nothing may follow the closing frame.
    else if (socket.readyState === openState) wire.write(framed(message), sent);
  }

  /** What `ws` knows as a threshold it heeds only where nothing is remembered from message to message. */
  private formOf({ binary, data }: Message): SendOptions {
    const [plain, compressed] = binary ? asBinary : asText;
    return data.length < this.bounds.threshold ? plain : compressed;
  }

  /** One function for every send of the link, so that a send makes none. */
  private readonly sent = (): void => {
    if (!this.full || this.over || this.socket.bufferedAmount > this.lowWaterMark) return;
    this.full = false;
    this.events.drained();
  };

  close(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    if (code === closeCodes.lost) this.socket.terminate();
    else this.socket.close(code, fitReason(reason));
    // Told at once, for the peer may never answer; in a later turn, for the caller is not done yet.
    queueMicrotask(() => this.events.closed(code, reason));
  }

  private received(data: Buffer, isBinary: boolean): void {
    if (this.over) return;
    if (data.length > this.bounds.maxFrame) {
      this.close(closeCodes['frame-too-large'], `a message has more than ${this.bounds.maxFrame} bytes`);
      return;
    }
    let frames;
    try {
      // Plain bytes for the decoder: a slice of a Buffer would share, and so keep, the whole message.
      frames = decodeFromClient(
        isBinary ? new Uint8Array(data.buffer, data.byteOffset, data.length) : data.toString('utf8'),
      );
    } catch (error) {
      this.close(closeCodes['frame-malformed'], (error as StreamError).message);
      return;
    }
    this.events.frames(frames);
  }

  /** `ws` answers pings, however many come and whether or not anybody takes the answers. */
  private pinged(): void {
    if (this.over) return;
    // From 8.23 on it ends who sends more of them at once than it is willing to answer.
    if (this.socket.readyState !== openState) return this.finish(closeCodes.backlog, 'too many pings at once');
    if (this.socket.bufferedAmount < this.bounds.highWaterMark) this.untaken = 0;
    else if (++this.untaken > maxUntaken) return this.close(closeCodes.backlog, 'the answers are not read');
    this.events.pinged?.();
  }

  /** `ws` has found what came unreadable and is closing the socket, or the connection broke: then `close` follows. */
  private failed({ code = '', message }: Error & { code?: string }): void {
    if (code.startsWith('WS_ERR_')) this.finish(unreadable.get(code) ?? closeCodes['frame-malformed'], message);
  }

  private finish(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.events.closed(code, reason);
  }
}

/** Answers to pings that may wait behind a full buffer. */
const maxUntaken = 1024;

/** What errors of `ws` are called here; all others are of frames that RFC 6455 does not allow, and it sends 1002. */
const unreadable: ReadonlyMap<string, number> = new Map([
  ['WS_ERR_INVALID_UTF8', closeCodes['invalid-utf8']],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', closeCodes['frame-too-large']],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', closeCodes['frame-too-large']],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', closeCodes['frame-too-large']],
]);
