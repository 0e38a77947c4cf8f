import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { BadFrame, closeCodes, type FrameOf, type OutgoingFrame, type ServerFrame } from '../protocol/index.js';
import type { ClientLinkEvents, ClientTransport, Link } from '../transport/transport.js';

/** Where tokens come from: asked for each connection, and again before the time of one is over. */
export type TokenSource = () => string | Promise<string>;

/**
 * A transport whose links say who the client is before anybody else hears that they are there, and say it again in time. For
 * clients that only read; `createClient` has an option for it.
 *
 * @example
 * const transport = withToken(createWebSocketTransport({ url: location.origin }), () => session.token());
 * createReadClient({ transport }).receive('books/moby-dick').subscribe((chunk) => show(chunk.data));
 */
export function withToken(
  transport: ClientTransport,
  token: TokenSource,
  scheduler: SchedulerLike = asyncScheduler,
): ClientTransport {
  return { connect: (events) => new TokenLink(transport, token, events, scheduler) };
}

type Heard = Parameters<ClientLinkEvents['frames']>[0];
type Authenticated = FrameOf<ServerFrame, 'authenticated'>;

/** A token is renewed when a fifth of its time is left, and half a minute at most. */
const share = 0.8;
const mostMs = 30_000;
/** How long a failed attempt to renew it may leave for the next, at least. */
const leastMs = 1000;

class TokenLink implements Link {
  readonly #link: Link;
  /** Held back until the server knows who we are. */
  #welcome: ServerFrame | undefined;
  #known = false;
  #timer: Subscription | undefined;
  #expiresAt = Infinity;
  #over = false;

  readonly #token: TokenSource;
  readonly #events: ClientLinkEvents;
  readonly #scheduler: SchedulerLike;

  constructor(transport: ClientTransport, token: TokenSource, events: ClientLinkEvents, scheduler: SchedulerLike) {
    this.#token = token;
    this.#events = events;
    this.#scheduler = scheduler;
    this.#link = transport.connect({
      opened: () => events.opened(),
      frames: (frames) => this.#hear(frames),
      drained: () => events.drained(),
      closed: (code, reason) => {
        this.#stop();
        events.closed(code, reason);
      },
    });
  }

  get writable(): boolean {
    return this.#link.writable;
  }

  send(frames: readonly OutgoingFrame[]): void {
    this.#link.send(frames);
  }

  close(code: number, reason: string): void {
    this.#stop();
    this.#link.close(code, reason);
  }

  #hear(frames: Heard): void {
    const rest: Heard[number][] = [];
    for (const frame of frames) {
      if (frame instanceof BadFrame) rest.push(frame);
      else if (frame.t === 'authenticated') this.#authenticated(frame, rest);
      else if (frame.t === 'welcome' && !this.#known) this.#greeted(frame);
      else rest.push(frame);
    }
    if (rest.length > 0) this.#events.frames(rest);
  }

  #greeted(welcome: ServerFrame): void {
    if (this.#welcome !== undefined) return;
    this.#welcome = welcome;
    void this.#show();
  }

  async #show(): Promise<void> {
    try {
      const token = await this.#token();
      if (!this.#over) this.#link.send([{ t: 'auth', token }]);
    } catch {
      if (this.#over) return;
      // Another connection asks for another. Whoever is known already has some time left to get one.
      if (this.#known) this.#renewIn((this.#expiresAt - this.#scheduler.now()) / 2);
      else this.#link.close(closeCodes.lost, 'there was no token to be had');
    }
  }

  #authenticated({ expiresInMs }: Authenticated, rest: Heard[number][]): void {
    const welcome = this.#welcome;
    this.#known = true;
    this.#welcome = undefined;
    if (welcome !== undefined) rest.push(welcome);
    if (expiresInMs === undefined) return;
    this.#expiresAt = this.#scheduler.now() + expiresInMs;
    this.#renewIn(Math.max(expiresInMs * share, expiresInMs - mostMs));
  }

  #renewIn(ms: number): void {
    this.#timer?.unsubscribe();
    // Too late: the server ends the connection, and the next one begins with another token.
    if (ms >= leastMs) this.#timer = this.#scheduler.schedule(() => void this.#show(), Math.min(ms, 2 ** 30));
  }

  #stop(): void {
    this.#over = true;
    this.#timer?.unsubscribe();
  }
}
