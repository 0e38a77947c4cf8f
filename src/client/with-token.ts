import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import {
  BadFrame,
  type ClientFrame,
  connectionLost,
  type FrameOf,
  frameBytes,
  maxBehindAuth,
  type OutgoingFrame,
  type ServerFrame,
} from '../protocol/index.js';
import type { ClientLinkEvents, ClientTransport, Link, ReadTransport } from '../transport/transport.js';

/** Where tokens come from: asked for each connection, and again before the time of one is over. */
export type TokenSource = () => string | Promise<string>;

/**
 * A transport whose links say who the client is in front of whatever is asked first, and say it again in time. For clients that
 * only read; `createClient` has an option for it.
 *
 * @example
 * const transport = withToken(createWebSocketReadTransport({ url: location.origin }), () => session.token());
 * createReadClient({ transport }).receive('books/moby-dick').subscribe((chunk) => show(chunk.data));
 */
export function withToken(transport: ClientTransport, token: TokenSource, scheduler?: SchedulerLike): ClientTransport;
export function withToken(transport: ReadTransport, token: TokenSource, scheduler?: SchedulerLike): ReadTransport;
export function withToken(
  transport: ReadTransport,
  token: TokenSource,
  scheduler: SchedulerLike = asyncScheduler,
): ClientTransport {
  // Over links for requests go requests, and an `auth` in front of them is one.
  const inner = transport as ClientTransport;
  return { connect: (events) => new TokenLink(inner, token, events, scheduler) };
}

type Heard = Parameters<ClientLinkEvents['frames']>[0];
type Auth = FrameOf<ClientFrame, 'auth'>;
type Authenticated = FrameOf<ServerFrame, 'authenticated'>;
type Welcome = FrameOf<ServerFrame, 'welcome'>;
type Frames = readonly OutgoingFrame[];

/** A token is renewed when a fifth of its time is left, and half a minute at most. */
const share = 0.8;
const mostMs = 30_000;
/** How long a failed attempt to renew it may leave for the next, at least. */
const leastMs = 1000;

class TokenLink implements Link {
  readonly #link: Link;
  /** What the server said first. Handed on when there is a token. */
  #welcome: Welcome | undefined;
  #greeted = false;
  /** In front of the next message. */
  #auth: Auth | undefined;
  /** What went with it. A server may not let that wait until it knows who we are, and refuse it. */
  #together: Frames = [];
  #refused = false;
  /** What waits until the server knows who we are: the rest of what was said to its welcome, for then the link takes no more. */
  #held: Frames[] = [];
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
      drained: () => {
        if (this.#known) events.drained();
      },
      closed: (code, reason) => {
        this.#stop();
        events.closed(code, reason);
      },
    });
  }

  get writable(): boolean {
    return this.#known && this.#link.writable;
  }

  send(frames: Frames): void {
    const auth = this.#auth;
    if (this.#known) this.#link.send(frames);
    else if (auth === undefined) this.#held.push(frames);
    else this.#sendFirst(auth, frames);
  }

  /** No message more for who we are, where both fit one. */
  #sendFirst(auth: Auth, frames: Frames): void {
    this.#auth = undefined;
    const both = [auth, ...frames];
    const bytes = both.reduce((sum, frame) => sum + frameBytes(frame), 0);
    const fits = frames.length <= maxBehindAuth && bytes <= this.#welcome!.maxFrame;
    if (fits) this.#together = frames;
    else this.#held.push(frames);
    this.#link.send(fits ? both : [auth]);
  }

  close(code: number, reason: string): void {
    this.#stop();
    this.#link.close(code, reason);
  }

  #hear(frames: Heard): void {
    const rest: Heard[number][] = [];
    for (const frame of frames) {
      if (frame instanceof BadFrame) rest.push(frame);
      else if (frame.t === 'authenticated') this.#authenticated(frame);
      else if (frame.t === 'welcome' && !this.#greeted) this.#welcomed(frame);
      else if (frame.t === 'error' && this.#isEarly(frame)) this.#refused = true;
      else rest.push(frame);
    }
    if (rest.length > 0) this.#events.frames(rest);
  }

  /** Whether something was refused only because the server did not know yet who we are. */
  #isEarly({ code, stream }: FrameOf<ServerFrame, 'error'>): boolean {
    return !this.#known && code === 'unauthenticated' && stream !== undefined;
  }

  #welcomed(welcome: Welcome): void {
    if (this.#welcome !== undefined) return;
    this.#welcome = welcome;
    void this.#show();
  }

  async #show(): Promise<void> {
    let token: string;
    try {
      token = await this.#token();
    } catch {
      return this.#hasNone();
    }
    if (this.#over) return;
    const auth = { t: 'auth', token } as const;
    if (this.#known) return this.#link.send([auth]);
    this.#auth = auth;
    this.#greeted = true;
    this.#events.frames([this.#welcome!]);
    // Whoever has something to say to it says it at the end of the turn.
    this.#timer = this.#scheduler.schedule(() => {
      if (this.#auth !== undefined) this.#sendFirst(auth, []);
    });
  }

  #hasNone(): void {
    if (this.#over) return;
    // Another connection asks for another. Whoever is known already has some time left to get one.
    if (this.#known) this.#renewIn((this.#expiresAt - this.#scheduler.now()) / 2);
    else this.#link.close(connectionLost, 'there was no token to be had');
  }

  #authenticated({ expiresInMs }: Authenticated): void {
    if (!this.#known) this.#isKnown();
    if (expiresInMs === undefined) return;
    this.#expiresAt = this.#scheduler.now() + expiresInMs;
    this.#renewIn(Math.max(expiresInMs * share, expiresInMs - mostMs));
  }

  #isKnown(): void {
    this.#known = true;
    if (this.#refused) this.#link.send(this.#together);
    for (const frames of this.#held) this.#link.send(frames);
    this.#together = [];
    this.#held = [];
    if (this.#link.writable) this.#events.drained();
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
