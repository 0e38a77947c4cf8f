import { checkBound, nameProblem, type StreamError } from '../../chunk/index.js';
import {
  type ClientFrame,
  connectionLost,
  credentialsExpired,
  messageMalformed,
  type FrameOf,
  type OutgoingFrame,
  type ServerFrame,
  subprotocol,
} from '../../protocol/index.js';
import { addressOfLink, checkHttpUrl, createAddresses, type ServerAddress } from '../addresses.js';
import type { ClientLinkEvents, ClientTransport, Link } from '../transport.js';
import { Reading } from './reading.js';
import { lifeQuery, streamPath } from './route.js';

/** What is needed of `fetch`. */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal; cache: 'no-store' },
) => Promise<Response>;

/** Options of {@link createSseTransport}. */
export interface SseTransportOptions {
  /**
   * Address that `/streams/…` is below: `http:` or `https:`. Of several, gateways over one log, the first is left to chance, and the
   * next is taken whenever a link fails.
   */
  readonly url: ServerAddress;
  /** From 0 to less than 1: where in a list of addresses to begin. Default `Math.random`. */
  readonly random?: () => number;
  /** Default: the platform's own. */
  readonly fetch?: Fetch;
  /** Headers of every request, or a function that makes them, for tokens that change. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /**
   * How often the machine above asks for a sign of life, in milliseconds; a server that owed something and said nothing
   * for as long has none. More than the server's `heartbeatMs`. Default 30 000.
   */
  readonly pingMs?: number;
}

/**
 * Links that read over server-sent events, one request for each stream, where a WebSocket cannot get through. They carry
 * no writing: `publish` and `cancel` are refused. A browser opens at most six connections to an HTTP/1.1 server.
 *
 * @throws TypeError when `url` is no address of a server
 *
 * @example
 * const transport = createSseTransport({ url: 'http://127.0.0.1:4437' });
 */
export function createSseTransport(options: SseTransportOptions): ClientTransport {
  const addresses = createAddresses(options.url, checkHttpUrl, options.random);
  const pingMs = checkBound('pingMs', options.pingMs ?? 30_000);
  const { headers = {} } = options;
  const open = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const read = async (
    base: string,
    ...[{ stream, from, life }, signal, token]: Parameters<Request>
  ): Promise<Response> => {
    const url = new URL(base);
    url.pathname = url.pathname.replace(/\/$/, '') + streamPath(stream);
    url.searchParams.set('from', `${from}`);
    if (life !== undefined) url.searchParams.set(lifeQuery, life);
    const own = typeof headers === 'function' ? headers() : headers;
    const known = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return open(url.href, { headers: { accept: 'text/event-stream', ...known, ...own }, signal, cache: 'no-store' });
  };
  return {
    connect: (heard) => {
      const { address, events } = addressOfLink(addresses, heard);
      return new SseLink(async (...reading) => read(address(), ...reading), events, pingMs);
    },
  };
}

type Subscribe = FrameOf<ClientFrame, 'subscribe'>;
type Request = (asked: Subscribe, signal: AbortSignal, token: string | undefined) => Promise<Response>;

class SseLink implements Link {
  /** Always: nothing but requests is sent. */
  readonly writable = true;

  readonly #byStream = new Map<string, Reading>();
  readonly #byChannel = new Map<number, Reading>();
  #channels = 0;
  /** Who the client is, as it has said. */
  #token: string | undefined;
  #opened = false;
  #over = false;

  readonly #request: Request;

  readonly #events: ClientLinkEvents;

  constructor(request: Request, events: ClientLinkEvents, pingMs: number) {
    this.#events = events;
    this.#request = request;
    queueMicrotask(() => {
      if (this.#over) return;
      this.#opened = true;
      events.opened();
      // There is no session to greet: these are the words the machine above waits for.
      const window = { chunks: 1, bytes: 1 };
      this.#answer({ t: 'welcome', protocol: subprotocol, session: 'sse', maxFrame: 65_536, pingMs, window });
    });
  }

  send(frames: readonly OutgoingFrame[]): void {
    for (const frame of frames) if (this.#opened && !this.#over) this.#obey(frame as ClientFrame);
  }

  #obey(frame: ClientFrame): void {
    switch (frame.t) {
      case 'auth':
        this.#token = frame.token;
        return this.#answer({ t: 'authenticated' });
      case 'subscribe':
        return this.#subscribe(frame);
      case 'credit':
        return this.#byChannel.get(frame.ch)?.grant(frame.chunks, frame.bytes);
      case 'unsubscribe':
        return this.#unsubscribe(frame.ch);
      case 'ping':
        return this.#ping(frame);
      case 'nack':
        // HTTP loses nothing on its way: what is missing is had by asking for it from there again.
        return this.close(connectionLost, 'chunks are missing');
      case 'publish':
        return this.#refuse(frame.stream, 'SSE only reads: publish over WebSocket', frame.producer);
      case 'cancel':
        return this.#refuse(frame.stream, 'SSE only reads: cancel over WebSocket');
    }
  }

  #subscribe(asked: Subscribe): void {
    const { stream, from, chunks, bytes } = asked;
    const known = this.#byStream.get(stream);
    if (known === undefined) return this.#read(asked);
    if (known.from !== from) return this.#refuse(stream, `stream "${stream}" is being read already: unsubscribe first`);
    if (known.subscribed !== undefined) this.#answer(known.subscribed);
    known.grant(chunks, bytes);
  }

  #read(asked: Subscribe): void {
    const { stream, from, chunks, bytes } = asked;
    const problem = nameProblem(stream);
    if (problem !== undefined) {
      return this.#answer({ t: 'error', code: 'name-invalid', message: `stream name ${problem}`, stream });
    }
    const reading: Reading = new Reading(stream, this.#channels++, from, {
      frames: (frames) => {
        // A refused stream is not being read: it may be asked for again.
        if (frames.some((frame) => 'code' in frame)) this.#forget(reading);
        // With new credentials it goes on: over another link, which asks for some.
        if (frames.some((frame) => 'code' in frame && frame.code === 'expired')) {
          this.close(credentialsExpired, 'the time of the credentials is over');
        } else this.#events.frames(frames);
      },
      broken: (error) => this.#broken(error),
    });
    this.#byStream.set(stream, reading);
    this.#byChannel.set(reading.ch, reading);
    reading.grant(chunks, bytes);
    void reading.run(async (signal) => this.#request(asked, signal, this.#token));
  }

  #unsubscribe(ch: number): void {
    const reading = this.#byChannel.get(ch);
    if (reading !== undefined) this.#forget(reading);
    this.#answer({ t: 'unsubscribed', ch });
  }

  #forget(reading: Reading): void {
    this.#byStream.delete(reading.streamId);
    this.#byChannel.delete(reading.ch);
    reading.stop();
  }

  /** No answer when a server that owes something has been silent: then the machine above connects again. */
  #ping(frame: FrameOf<ClientFrame, 'ping'>): void {
    for (const [ch, chunks, bytes] of frame.grants) this.#byChannel.get(ch)?.grant(chunks, bytes);
    const readings = [...this.#byChannel.values()];
    const alive = readings.map((reading) => reading.takeSignOfLife());
    if (alive.includes(false)) return;
    const begun = readings.filter(({ subscribed }) => subscribed !== undefined);
    this.#answer({ t: 'pong', sent: begun.map(({ ch, next }) => [ch, next]) });
  }

  #refuse(stream: string, message: string, producer?: string): void {
    const about = producer === undefined ? { stream } : { stream, producer };
    this.#answer({ t: 'error', code: 'frame-unexpected', message, ...about });
  }

  /** Answers in a later turn, as every server does. */
  #answer(frame: ServerFrame): void {
    queueMicrotask(() => {
      if (!this.#over) this.#events.frames([frame]);
    });
  }

  #broken(error: StreamError): void {
    const malformed = error.code === 'frame-malformed' || error.code === 'overflow';
    this.close(malformed ? messageMalformed : connectionLost, error.message);
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const reading of this.#byChannel.values()) reading.stop();
    queueMicrotask(() => this.#events.closed(code, reason));
  }
}
