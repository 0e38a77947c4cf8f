import { asyncScheduler, type Observable, type SchedulerLike, Subscription as Teardown } from 'rxjs';
import { checkBound, jsonProblem, type JsonValue, StreamError, toStreamError } from '../chunk/index.js';
import { askingWith, type Authenticate } from '../auth/auth.js';
import type { Quotas } from '../auth/quotas.js';
import type { Refusals } from '../probe/index.js';
import { BadFrame, type ClientFrame, closeCodes, frameBytes } from '../protocol/index.js';
import type { Access, Streams } from '../streams/index.js';
import type { Link, LinkAcceptor, Peer, ServerLinkEvents } from '../transport/transport.js';
import { type Connection, describeConnection } from './connection.js';
import { errorFrame } from './error-frame.js';
import type { GatewayEvent } from './events.js';
import { Feeds } from './feeds.js';
import type { Guest } from './guest.js';
import { Guests } from './guests.js';
import { type SessionLimitOptions, sessionLimits } from './limits.js';
import { type GatewayLoad, loadOf } from './load.js';
import { Report } from './report.js';
import { Session } from './session.js';
import { type Defer, defaultDefer, Turn } from './turn.js';
import { Writes } from './writes.js';

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
  private readonly feeds: Feeds;
  private readonly writes: Writes;
  private readonly teardown = new Teardown();
  private readonly report = new Report();
  readonly events = this.report.events;
  private checking: Teardown | undefined;
  /** Who is here; `undefined` where nobody is asked. */
  private readonly guests: Guests | undefined;
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
    this.feeds = new Feeds(this.streams, this.turn, this.report);
    this.writes = new Writes(this.streams);
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
        takes: (bytes) => link.takes?.(bytes) ?? true,
        dirty: () => this.turn.session(session),
        subscribe: (streamId, from, life) => this.feeds.subscribe(session, guest, streamId, from, life),
        ready: (subscription) => this.feeds.offer(subscription),
        unsubscribe: (subscription) => {
          guest?.unread();
          this.feeds.remove(subscription);
        },
        repair: (subscription, ranges) => this.feeds.repair(session, subscription, ranges),
        publish: (frame) => this.writes.publish(session, guest, frame),
        cancel: (streamId, reason) => this.writes.cancel(session, guest, streamId, reason),
        authenticate: (token, behind) => {
          if (guest !== undefined)
            return this.guests!.authenticate(guest, session, askingWith(token, peer.address), behind);
          session.authenticated(undefined);
          return false;
        },
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
    const hear = (frames: number): void => {
      if (guest !== undefined && this.options.quotas !== undefined) void this.hear(session, guest, frames);
    };
    return {
      frames: (frames) => {
        if (this.options.refusals !== undefined) countBad(frames, this.options.refusals);
        hear(frames.length);
        // A defect of ours must cost one connection, not the server.
        try {
          session.received(frames, this.scheduler.now());
        } catch (error) {
          session.close('internal', toStreamError(error, 'internal').message);
        }
      },
      pinged: () => {
        hear(1);
        session.received([], this.scheduler.now());
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
    link.send([errorFrame(error)]);
    return this.reject(link, peer, closeCodes['limit-reached'], error.message);
  }

  /** Frames are counted after they were obeyed: with the next ones it is over. */
  private async hear(session: Session, guest: Guest, frames: number): Promise<void> {
    const error = await guest.heard(frames);
    if (error === undefined) return;
    session.refuse(error);
    session.close('limit-reached', error.message);
  }

  private reject(link: Link, peer: Peer, code: number, reason: string): ServerLinkEvents {
    this.report.refused(peer, code);
    link.close(code, reason);
    return { frames: () => {}, drained: () => {}, closed: () => {} };
  }

  private completeReport(): void {
    if (this.teardown.closed && this.sessions.size === 0) this.report.complete();
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
    return Array.from(this.sessions, ([session, { peer }]) => describeConnection(session, peer));
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
    const wanted = [...this.sessions].filter(([session, { peer }]) => to(describeConnection(session, peer)));
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
