import type { EncodedChunk, JsonValue, StreamError } from '../chunk/index.js';
import type { Appended, Close } from '../log/log.js';
import {
  BadFrame,
  type ClientFrame,
  type CloseName,
  type PublishFrame,
  type ServerFrame,
  subprotocol,
} from '../protocol/index.js';
import type { About } from './error-frame.js';
import type { SessionLimits } from './limits.js';
import { Outbox, type Sender } from './outbox.js';
import type { Parcel } from './parcel.js';
import { Publications } from './publications.js';
import type { SessionActions } from './session-actions.js';
import { endFrame, type Subscription } from './subscription.js';
import { Subscriptions } from './subscriptions.js';

const none: readonly never[] = [];

/**
 * The server's side of a connection, as a pure state machine: calls in, actions out, no sockets and no timers. The time
 * is handed in, in milliseconds.
 */
export class Session implements Sender {
  private readonly outbox: Outbox;
  private readonly reading: Subscriptions;
  private readonly writing: Publications;
  private heardAt: number;
  private badFrames = 0;
  /** What came behind a token, in its message, while it is found out whose that is. */
  private waiting: readonly (ClientFrame | BadFrame)[] = none;
  /** Why it ends as soon as nothing waits to be kept; `undefined` while it goes on. */
  private leaving: string | undefined;

  constructor(
    readonly id: string,
    private readonly limits: SessionLimits,
    private readonly act: SessionActions,
    now: number,
  ) {
    this.heardAt = now;
    this.outbox = new Outbox(act, this);
    this.reading = new Subscriptions(limits.maxSubscriptions, this.outbox, act);
    this.writing = new Publications(limits, this.outbox, act);
  }

  /** Says welcome: what the client must know before anything else. */
  open(): void {
    const { maxFrame, pingMs, window } = this.limits;
    this.send({ t: 'welcome', protocol: subprotocol, session: this.id, maxFrame, pingMs, window });
  }

  /** Whether the link takes more chunks. When it does not, it says when it may. */
  get writable(): boolean {
    return this.outbox.writable && this.outbox.hasRoom;
  }

  /** Whether this turn has got its share of chunks. */
  get full(): boolean {
    return this.outbox.full;
  }

  /** The subscriptions in force. */
  get subscriptions(): Iterable<Subscription> {
    return this.reading;
  }

  /** Whether it reads anything, or is about to. */
  get reads(): boolean {
    return this.reading.size > 0;
  }

  /** How full the fuller of its two buffers of what waits to be kept is, from 0 to 1. */
  get pendingShare(): number {
    return this.writing.share;
  }

  /** Frames came from the client. */
  received(frames: readonly (ClientFrame | BadFrame)[], now: number): void {
    this.heardAt = now;
    this.take(frames);
  }

  /** It is known whose the token is: what waited for that is obeyed. */
  proceed(): void {
    const { waiting } = this;
    this.waiting = none;
    this.take(waiting);
  }

  private take(frames: readonly (ClientFrame | BadFrame)[]): void {
    for (let at = 0; at < frames.length && !this.outbox.closed; at++) {
      const frame = frames[at]!;
      if (frame instanceof BadFrame) this.refuseBad(frame);
      else if (frame.t !== 'auth') this.obey(frame);
      else if (this.act.authenticate(frame.token, frames.length - at - 1)) {
        this.waiting = frames.slice(at + 1);
        return;
      }
    }
  }

  private obey(frame: Exclude<ClientFrame, { t: 'auth' }>): void {
    switch (frame.t) {
      case 'subscribe':
        return this.reading.request(frame);
      case 'credit':
        return this.reading.credit(frame.ch, frame.chunks, frame.bytes);
      case 'unsubscribe':
        return this.reading.end(frame.ch);
      case 'nack':
        return this.reading.nack(frame);
      case 'ping':
        return this.reading.ping(frame);
      case 'publish':
        // What crossed the goodbye is sent again, elsewhere.
        return this.leaving === undefined ? this.writing.request(frame) : undefined;
      case 'cancel':
        return this.act.cancel(frame.stream, frame.reason);
    }
  }

  private refuseBad({ error, stream, ch, producer }: BadFrame): void {
    this.refuse(error, {
      ...(stream === undefined ? {} : { stream }),
      ...(ch === undefined ? {} : { ch }),
      // An empty name is no name: it would make the answer itself invalid.
      ...(producer === undefined || producer === '' ? {} : { producer }),
    });
    this.badFrames++;
    if (this.badFrames >= this.limits.maxBadFrames) this.close('limit-reached', `${this.badFrames} invalid frames`);
  }

  /**
   * The stream was found: it is read from number `start` on, where the snapshot stands if there is one. Answers whether it is
   * still wanted, or wanted now.
   */
  subscribed(
    streamId: string,
    ch: number,
    start: number,
    snapshot?: EncodedChunk,
    life?: string,
  ): Subscription | undefined {
    return this.reading.open(streamId, ch, start, snapshot, life);
  }

  /** A `subscribe` was refused. */
  subscribeRefused(streamId: string, error: StreamError): void {
    this.reading.refuse(streamId, error);
  }

  /** Whether there is room to deliver so many bytes; when there is not, the link says when there may be. */
  takes(bytes: number): boolean {
    return this.outbox.takes(bytes);
  }

  /** Sends chunks for the first time, at the end of the turn. */
  deliver(subscription: Subscription, parcel: Parcel): void {
    subscription.sent(parcel);
    this.resend(parcel);
  }

  /** Sends chunks again. */
  resend({ frame, length }: Parcel): void {
    this.outbox.add(frame, length);
  }

  /** Chunks are no longer kept. Moves the subscription behind them when it had not got there. */
  gap(subscription: Subscription, from: number, to: number): void {
    if (subscription.next < to) subscription.next = to;
    this.send({ t: 'gap', ch: subscription.ch, from, to, reason: 'trimmed' });
  }

  /** The stream has ended and everything of it was sent. */
  ended(subscription: Subscription, end: Close): void {
    subscription.ended = end;
    this.send(endFrame(subscription, end));
  }

  /** A subscription cannot go on: the client is told, unless it has all there was, and it is over. */
  drop(subscription: Subscription, error: StreamError): void {
    this.reading.forget(subscription);
    if (subscription.ended === undefined) this.refuse(error, { stream: subscription.streamId, ch: subscription.ch });
  }

  /** A `publish` was kept. */
  published(frame: PublishFrame<EncodedChunk>, appended: Pick<Appended, 'next'>): void {
    this.writing.acknowledge(frame, appended);
    this.leaveWhenKept();
  }

  /** A `publish` was refused. */
  publishRefused(frame: PublishFrame<EncodedChunk>, error: StreamError): void {
    this.writing.refuse(frame, error);
    this.leaveWhenKept();
  }

  /** A stream was cancelled: tells the client if it has written to it. */
  stopped(streamId: string, reason: string | undefined): void {
    this.writing.stop(streamId, reason);
  }

  /** It is known who the client is, for so long. */
  authenticated(expiresInMs: number | undefined): void {
    const known = { t: 'authenticated' } as const;
    this.send(expiresInMs === undefined ? known : { ...known, expiresInMs: Math.max(0, Math.floor(expiresInMs)) });
  }

  /** Tells the client something beside all streams. Answers whether it goes out: not while the link takes no more. */
  push(data: JsonValue): boolean {
    if (this.outbox.closed || !this.outbox.roomy) return false;
    this.send({ t: 'push', data });
    return !this.outbox.closed;
  }

  /** Answers a request with an error. */
  refuse(error: StreamError, about?: About): void {
    this.outbox.refuse(error, about);
  }

  private send(frame: ServerFrame<EncodedChunk>): void {
    this.outbox.add(frame);
  }

  /** Sends what is ready, as one message. Called at the end of every turn in which the session was dirty. */
  flush(): void {
    this.outbox.flush();
  }

  sent(): void {
    this.reading.askAgain();
  }

  /** The link takes more again. */
  drained(): void {
    if (this.outbox.closed) return;
    this.outbox.drained();
    this.reading.resume();
  }

  /** Time has passed. */
  tick(now: number): void {
    const silence = now - this.heardAt;
    if (silence >= this.limits.pingMs * 2.5) this.close('idle-timeout', `nothing heard for ${silence} ms`);
  }

  /** Sends the client elsewhere: what waits to be kept is answered, then the session ends. */
  leave(retryMs: number, reason: string): void {
    if (this.outbox.closed || this.leaving !== undefined) return;
    this.leaving = reason;
    this.send({ t: 'goodbye', retryMs });
    this.leaveWhenKept();
  }

  private leaveWhenKept(): void {
    if (this.leaving !== undefined && this.writing.kept) this.close('going-away', this.leaving);
  }

  /** Ends the session: what is ready is sent, then the link is closed. */
  close(name: CloseName, reason: string): void {
    this.outbox.close(name, reason);
  }

  /** The link has ended: lets everything go. */
  closed(): void {
    if (this.outbox.closed) return;
    this.outbox.discard();
    this.waiting = none;
    this.reading.clear();
  }
}
