import { asyncScheduler, type Observable, type SchedulerLike, Subscription as Teardown } from 'rxjs';
import {
  checkBound,
  type EncodedChunk,
  type JoinPosition,
  jsonProblem,
  type JsonValue,
  type Range,
  StreamError,
  toStreamError,
} from '../chunk/index.js';
import type { Authenticate } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import { attempt, type MaybePromise, orElse, whenReady } from '../log/log.js';
import type { Refusals } from '../probe/index.js';
import { BadFrame, type ClientFrame, closeCodes, frameBytes, type PublishFrame } from '../protocol/index.js';
import { leases } from '../streams/lease.js';
import { joinStream, streamRemoved } from '../streams/reader.js';
import { snapshots } from '../streams/snapshot-store.js';
import type { Access, Streams } from '../streams/index.js';
import type { Link, LinkAcceptor, Peer, ServerLinkEvents } from '../transport/transport.js';
import type { GatewayEvent } from './events.js';
import { Feed } from './feed.js';
import type { GapCounts } from './gaps.js';
import type { Guest } from './guest.js';
import { Guests } from './guests.js';
import { type SessionLimitOptions, sessionLimits } from './limits.js';
import { type GatewayLoad, loadOf } from './load.js';
import { Report } from './report.js';
import { Session, type SessionActions } from './session.js';
import type { Subscription } from './subscription.js';
import { type Defer, Turn } from './turn.js';

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** What is read and written. */
  readonly streams: Streams;
  /** What one connection may do. */
  readonly limits?: SessionLimitOptions;
  /** Connections at the same time; one more is closed with 4429. Default 10 000. */
  readonly maxConnections?: number;
  /** Says what clients may do: `createAccess` makes it. Default: everything. */
  readonly access?: Access;
  /** Says who clients are that show a token once they are connected. Default: nobody is asked. */
  readonly authenticate?: Authenticate;
  /** How long a client may take to say who it is, in milliseconds. Default 10 000. */
  readonly authMs?: number;
  /** Clients at the same time that have not said yet who they are. Default 1 000. */
  readonly maxUnknown?: number;
  /** How much each client may do. Default: without end. */
  readonly quotas?: Quotas;
  /** Counts what is refused. */
  readonly refusals?: Pick<Refusals, 'count'>;
  /**
   * Runs work at the end of the event loop's turn. Default `setImmediate`, elsewhere a timer of 0 ms; and once
   * in a millisecond as a microtask.
   */
  readonly defer?: Defer;
  /** Clock and timer of idle checks. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** Makes session names. Default `crypto.randomUUID`. */
  readonly sessionId?: () => string;
}

/** One connection, as {@link Gateway.connections} shows it. */
export interface Connection {
  readonly session: string;
  readonly peer: Peer;
  /**
   * Streams being read, with the number of the next chunk to send, how many more the reader may be sent, and what it was missing.
   */
  readonly reading: readonly {
    readonly streamId: string;
    readonly next: number;
    readonly credit: number;
    readonly gaps: GapCounts;
  }[];
}

/** Whether a gateway takes connections: `open` it does, `suspended` it does not for the time being, `draining` no more. */
export type GatewayState = 'open' | 'suspended' | 'draining';

/** Serves streams to links, whatever transport brings them. */
export interface Gateway extends LinkAcceptor {
  readonly streams: Streams;
  /** What happens, as it happens. Hot; never fails; completes when it is closed and the last connection has ended. */
  readonly events: Observable<GatewayEvent>;
  /** The connections at this moment. */
  connections(): readonly Connection[];
  /** How much there is to do at this moment. */
  load(): GatewayLoad;
  /**
   * Tells one client something beside all streams: a JSON value, which it hears at most once. Answers whether it goes out: not
   * when the connection is over, or takes no more at the moment.
   *
   * @throws {@link StreamError} `frame-too-large` for more than a connection may be sent at once; `frame-invalid` for what is
   * no JSON
   */
  send(session: string, data: JsonValue): boolean;
  /** Tells all clients something, or some; see {@link Gateway.send}. Answers to how many it goes out. */
  broadcast(data: JsonValue, to?: (connection: Connection) => boolean): number;
  /** Ends one connection; its client comes back and goes on where it was. Answers whether there was one. */
  disconnect(session: string, reason?: string): boolean;
  /** Whether it takes connections. */
  readonly state: GatewayState;
  /**
   * Sends everybody elsewhere, and takes no more connections: clients are told goodbye, and each connection ends as soon as what
   * it wrote is kept.
   *
   * @param retryMs - clients wait a random time up to this before they connect again, so that they do not all come at once
   * @returns resolves when nobody is left
   */
  drain(retryMs?: number): Promise<void>;
  /** Ends every connection with 4503, and takes none until {@link Gateway.resume}: what it serves is out of reach. */
  suspend(reason: string): void;
  /** Takes connections again. */
  resume(): void;
  /** Ends every connection with 1001 and takes no more. The streams live on. */
  close(): void;
}

/** Makes a gateway: hand it to a transport's server side. */
export function createGateway(options: GatewayOptions): Gateway {
  return new StreamGateway(options);
}

class StreamGateway implements Gateway {
  readonly streams: Streams;
  private readonly limits;
  private readonly maxConnections: number;
  private readonly scheduler: SchedulerLike;
  private readonly sessionId: () => string;
  private readonly turn: Turn;
  private readonly sessions = new Map<Session, { link: Link; peer: Peer }>();
  private readonly byId = new Map<string, Session>();
  private readonly feeds = new Map<string, Feed>();
  private readonly teardown = new Teardown();
  private readonly report = new Report();
  readonly events = this.report.events;
  private checking: Teardown | undefined;
  /** Who is here; `undefined` where nobody is asked. */
  private readonly guests: Guests | undefined;
  private channels = 0;
  private suspended: string | undefined;
  private drained: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(private readonly options: GatewayOptions) {
    this.streams = options.streams;
    this.limits = sessionLimits(options.limits);
    this.maxConnections = checkBound('maxConnections', options.maxConnections ?? 10_000);
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.sessionId = options.sessionId ?? (() => crypto.randomUUID());
    this.turn = new Turn({
      soon: options.defer ?? queueMicrotask,
      later: options.defer ?? defaultDefer(),
      now: () => this.scheduler.now(),
    });
    const { access, authenticate, quotas, refusals, authMs, maxUnknown } = options;
    if (access !== undefined || authenticate !== undefined || quotas !== undefined) {
      const { scheduler } = this;
      this.guests = new Guests({ access, authenticate, quotas, refusals, authMs, maxUnknown, scheduler });
    }
    this.teardown.add(
      this.streams.cancellations.subscribe(({ streamId, reason }) => {
        for (const session of this.sessions.keys()) session.stopped(streamId, reason);
      }),
    );
  }

  accept(link: Link, peer: Peer): ServerLinkEvents {
    if (this.teardown.closed || this.drained !== undefined)
      return this.reject(link, peer, closeCodes['going-away'], leaving);
    if (this.suspended !== undefined) return this.reject(link, peer, closeCodes.unavailable, this.suspended);
    if (this.sessions.size >= this.maxConnections) {
      this.options.refusals?.count('connections');
      const message = `the server takes at most ${this.maxConnections} connections`;
      return this.reject(link, peer, closeCodes['limit-reached'], message);
    }
    const guest = this.guests?.enter(peer, (error) => cutOff(session, error));
    if (guest instanceof StreamError) return this.turnAway(link, peer, guest);
    const session: Session = new Session(
      this.sessionId(),
      this.limits,
      {
        send: (frames) => {
          link.send(frames);
          guest?.sent(frames);
          this.report.sent(session.id, frames);
          return link.writable;
        },
        dirty: () => this.turn.session(session),
        subscribe: (...asked) => this.subscribe(session, guest, ...asked),
        ready: (subscription) => this.feeds.get(subscription.streamId)!.offer(subscription),
        unsubscribe: (subscription) => {
          guest?.unread();
          this.unsubscribe(subscription);
        },
        repair: (subscription, ranges) => this.repair(session, subscription, ranges),
        publish: (frame) => this.publish(session, guest, frame),
        cancel: (streamId, reason) => this.cancel(session, guest, streamId, reason),
        authenticate: (token) => this.authenticate(session, guest, token, peer.address),
        close: (code, reason) => link.close(code, reason),
      },
      this.scheduler.now(),
    );
    this.sessions.set(session, { link, peer });
    this.byId.set(session.id, session);
    this.report.opened(session.id, peer);
    session.open();
    if (guest !== undefined) this.guests!.seat(guest, session);
    this.check();
    return {
      frames: (frames) => {
        if (this.options.refusals !== undefined) countBad(frames, this.options.refusals);
        if (guest !== undefined && this.options.quotas !== undefined) void this.hear(session, guest, frames.length);
        // A defect of ours must cost one connection, not the server.
        try {
          session.received(frames, this.scheduler.now());
        } catch (error) {
          session.close('internal', toStreamError(error, 'internal').message);
        }
      },
      drained: () => session.drained(),
      closed: (code, reason) => {
        this.sessions.delete(session);
        this.byId.delete(session.id);
        session.closed();
        if (guest !== undefined) this.guests!.leave(guest);
        if (unreadable.has(code)) this.options.refusals?.count('frame');
        if (this.sessions.size === 0) this.drained?.resolve();
        this.report.closed(session.id, peer, code, reason);
        this.completeReport();
      },
    };
  }

  /** There is no place for this one. It is told when there may be. */
  private turnAway(link: Link, peer: Peer, error: StreamError): ServerLinkEvents {
    const { code, message, details } = error;
    const { retryAfterMs } = details;
    link.send([{ t: 'error', code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }]);
    return this.reject(link, peer, closeCodes['limit-reached'], message);
  }

  /** Frames are counted after they were obeyed: with the next ones it is over. */
  private async hear(session: Session, guest: Guest, frames: number): Promise<void> {
    const error = await guest.heard(frames);
    if (error === undefined) return;
    session.refuse(error);
    session.close('limit-reached', error.message);
  }

  private authenticate(session: Session, guest: Guest | undefined, token: string, address: string | undefined): void {
    if (guest === undefined) session.authenticated(undefined);
    else this.guests!.authenticate(guest, session, token, address);
  }

  private reject(link: Link, peer: Peer, code: number, reason: string): ServerLinkEvents {
    this.report.refused(peer, code);
    link.close(code, reason);
    return { frames: () => {}, drained: () => {}, closed: () => {} };
  }

  private completeReport(): void {
    if (this.teardown.closed && this.sessions.size === 0) this.report.complete();
  }

  private subscribe(
    session: Session,
    guest: Guest | undefined,
    ...[streamId, from, known]: Parameters<SessionActions['subscribe']>
  ): void {
    if (streamId.startsWith(books)) return session.subscribeRefused(streamId, reservedName(streamId));
    attempt(
      () =>
        whenReady(guest?.checkRead(streamId), (permitted) =>
          this.join(session, guest, streamId, from, known, permitted),
        ),
      (error) => session.subscribeRefused(streamId, toStreamError(error, 'internal', { streamId })),
    );
  }

  private join(
    session: Session,
    guest: Guest | undefined,
    streamId: string,
    from: JoinPosition,
    ...lives: readonly (string | undefined)[]
  ): MaybePromise<void> {
    const read = (): MaybePromise<void> =>
      whenReady(joinStream(this.streams, streamId, { from }), ({ life, seq, live, snapshot }) => {
        if (lives.some((one) => (one ?? life) !== life)) throw streamRemoved(streamId);
        const feed = this.feedOf(streamId);
        const subscription = session.subscribed(streamId, feed.ch, seq, snapshot?.chunk, life);
        if (subscription === undefined) {
          guest?.unread();
          return this.release(feed);
        }
        subscription.live = live;
        feed.add(subscription, session);
      });
    if (guest === undefined) return read();
    return orElse(read, (error) => {
      guest.unread();
      throw error;
    });
  }

  private feedOf(streamId: string): Feed {
    const known = this.feeds.get(streamId);
    if (known !== undefined) return known;
    const feed = new Feed(streamId, this.channels++, this.streams, this.turn, this.report);
    this.feeds.set(streamId, feed);
    return feed;
  }

  private unsubscribe(subscription: Subscription): void {
    const feed = this.feeds.get(subscription.streamId)!;
    feed.remove(subscription);
    this.release(feed);
  }

  private release(feed: Feed): void {
    if (!feed.idle) return;
    feed.dispose();
    this.feeds.delete(feed.streamId);
  }

  private repair(session: Session, subscription: Subscription, ranges: readonly Range[]): void {
    subscription.gaps.request(ranges);
    this.feeds.get(subscription.streamId)!.repair(subscription, session, ranges);
  }

  private publish(session: Session, guest: Guest | undefined, frame: PublishFrame<EncodedChunk>): void {
    const { stream, producer, epoch, seq, chunks, close } = frame;
    // Leases are written by producers anywhere, and ended by nobody.
    if (isReserved(stream) || (stream === leases && close !== undefined)) {
      return session.publishRefused(frame, reservedName(stream));
    }
    const append = (life?: string): MaybePromise<void> => {
      const options = {
        producer: { id: producer, epoch, seq },
        ...(close === undefined ? {} : { close: definite(close) }),
        ...(life === undefined ? {} : { life, create: false }),
      };
      return whenReady(this.streams.append(stream, chunks, options), (appended) => session.published(frame, appended));
    };
    attempt(
      () => (guest === undefined ? append() : guest.publish(stream, chunks, append)),
      (error) => session.publishRefused(frame, toStreamError(error, 'internal', { streamId: stream })),
    );
  }

  private cancel(session: Session, guest: Guest | undefined, streamId: string, reason: string | undefined): void {
    if (isReserved(streamId) || streamId === leases)
      return session.refuse(reservedName(streamId), { stream: streamId });
    attempt(
      () => whenReady(guest?.checkCancel(streamId), (life) => this.streams.cancel(streamId, reason, life)),
      (error) => session.refuse(toStreamError(error, 'internal', { streamId }), { stream: streamId }),
    );
  }

  /** Looks for silent clients, while there are any. */
  private check(): void {
    if (this.checking !== undefined || this.sessions.size === 0) return;
    this.checking = this.scheduler.schedule(() => {
      this.checking = undefined;
      for (const session of [...this.sessions.keys()]) session.tick(this.scheduler.now());
      this.check();
    }, this.limits.pingMs / 2);
  }

  connections(): readonly Connection[] {
    return Array.from(this.sessions, ([session, { peer }]) => described(session, peer));
  }

  load(): GatewayLoad {
    return loadOf(this.sessions.keys());
  }

  send(session: string, data: JsonValue): boolean {
    this.checkPush(data);
    return this.byId.get(session)?.push(data) ?? false;
  }

  broadcast(data: JsonValue, to: (connection: Connection) => boolean = () => true): number {
    this.checkPush(data);
    const wanted = [...this.sessions].filter(([session, { peer }]) => to(described(session, peer)));
    return wanted.filter(([session]) => session.push(data)).length;
  }

  disconnect(session: string, reason = 'the server wants it so'): boolean {
    const known = this.byId.get(session);
    known?.close('going-away', reason);
    return known !== undefined;
  }

  private checkPush(data: JsonValue): void {
    const problem = jsonProblem(data);
    if (problem !== undefined)
      throw new StreamError('frame-invalid', `data must be JSON but ${problem}`, { field: 'data' });
    const bytes = frameBytes({ t: 'push', data });
    const { maxFrame } = this.limits;
    if (bytes <= maxFrame) return;
    throw new StreamError('frame-too-large', `data takes ${bytes} bytes, more than maxFrame = ${maxFrame}`);
  }

  get state(): GatewayState {
    if (this.drained !== undefined || this.teardown.closed) return 'draining';
    return this.suspended === undefined ? 'open' : 'suspended';
  }

  drain(retryMs = 1000): Promise<void> {
    checkBound('retryMs', retryMs, { min: 0 });
    if (this.drained === undefined) {
      let resolve!: () => void;
      this.drained = { promise: new Promise((done) => (resolve = done)), resolve };
      for (const session of [...this.sessions.keys()]) session.leave(retryMs, leaving);
      if (this.sessions.size === 0) resolve();
    }
    return this.drained.promise;
  }

  suspend(reason: string): void {
    this.suspended = reason;
    for (const session of [...this.sessions.keys()]) session.close('unavailable', reason);
  }

  resume(): void {
    this.suspended = undefined;
  }

  close(): void {
    this.teardown.unsubscribe();
    this.checking?.unsubscribe();
    this.guests?.dispose();
    for (const session of [...this.sessions.keys()]) session.close('going-away', leaving);
    this.completeReport();
  }
}

const leaving = 'the server is shutting down';

/** How links end that brought what could not be read. */
const unreadable: ReadonlySet<number> = new Set([
  closeCodes['frame-malformed'],
  closeCodes['frame-too-large'],
  closeCodes['invalid-utf8'],
]);

function countBad(frames: readonly (ClientFrame | BadFrame)[], refusals: Pick<Refusals, 'count'>): void {
  for (const frame of frames) if (frame instanceof BadFrame) refusals.count('frame');
}

/** Ends all that somebody reads. */
function cutOff(session: Session, error: StreamError): void {
  for (const subscription of [...session.subscriptions]) session.drop(subscription, error);
}

/** Where a server keeps the books of its other doors: nobody else reads them. */
const books = 'sluice/server/';
/** Where it writes what it trusts: these, and snapshots. */
const reserved = [`${snapshots}/`, books];

function isReserved(streamId: string): boolean {
  return reserved.some((prefix) => streamId.startsWith(prefix));
}

function reservedName(streamId: string): StreamError {
  return new StreamError('name-invalid', `the stream "${streamId}" is for the server itself`, { streamId });
}

function described(session: Session, peer: Peer): Connection {
  const reading = Array.from(session.subscriptions, ({ streamId, next, chunkCredit: credit, gaps }) => ({
    streamId,
    next,
    credit,
    gaps: gaps.counts,
  }));
  return { session: session.id, peer, reading };
}

function definite(close: { status: 'completed' | 'failed' | 'cancelled'; reason?: string | undefined }) {
  return close.reason === undefined ? { status: close.status } : { status: close.status, reason: close.reason };
}

function defaultDefer(): Defer {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return setImmediate === undefined ? (work) => void setTimeout(work) : (work) => void setImmediate(work);
}
