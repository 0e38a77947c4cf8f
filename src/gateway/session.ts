import {
  type EncodedChunk,
  encodeChunk,
  type JoinPosition,
  type JsonValue,
  type Range,
  StreamError,
} from '../chunk/index.js';
import type { Appended, Close } from '../log/log.js';
import {
  BadFrame,
  type ClientFrame,
  closeCodes,
  type CloseName,
  type FrameOf,
  type PublishFrame,
  type ServerFrame,
  subprotocol,
} from '../protocol/index.js';
import type { SessionLimits } from './limits.js';
import type { Parcel } from './parcel.js';
import { Subscription } from './subscription.js';

/** What a session asks of the gateway around it. Answers come back as calls of the session's methods. */
export interface SessionActions {
  /** Sends frames as one message. Answers whether the link takes more. */
  send(frames: readonly ServerFrame<EncodedChunk>[]): boolean;
  /** There is something to send: call {@link Session.flush} at the end of the turn. */
  dirty(): void;
  /**
   * Finds the stream's channel and first number: answer with `subscribed` or `subscribeRefused`. Who has read of it before says
   * of which life it was.
   */
  subscribe(streamId: string, from: JoinPosition, life: string | undefined): void;
  /** The subscription can be sent more than before. */
  ready(subscription: Subscription): void;
  /** The subscription is over. */
  unsubscribe(subscription: Subscription): void;
  /** Chunks that were sent are asked for again: answer with `resend`. */
  repair(subscription: Subscription, ranges: readonly Range[]): void;
  /** Appends: answer with `published` or `publishRefused`. */
  publish(frame: PublishFrame<EncodedChunk>): void;
  /** Says who the client is: answer with `authenticated`, or close. */
  authenticate(token: string): void;
  /** Ends a stream for everybody. */
  cancel(streamId: string, reason: string | undefined): void;
  /** Ends the link. */
  close(code: number, reason: string): void;
}

/** What an error is about. */
type About = { readonly stream?: string; readonly ch?: number; readonly producer?: string; readonly epoch?: number };

/** Most frames that wait while the link takes no more. */
const maxBacklog = 1024;
/** Most numbers in the lists of `pong` frames that wait: one such frame may be as long as its `ping`. */
const maxBacklogMarks = 65_536;
/** Snapshots that had to wait and are looked up again at the same time. */
const maxAskedAgain = 16;
/** Encoded bytes of chunks in one turn. What goes beyond waits for the next, and so for the link to have taken these. */
const maxTurnBytes = 1 << 20;

/**
 * The server's side of a connection, as a pure state machine: calls in, actions out, no sockets and no timers. The time
 * is handed in, in milliseconds.
 */
export class Session {
  /** Whether the link takes more. What cannot be held back waits here; chunks are not even read. */
  writable = true;

  private readonly byChannel = new Map<number, Subscription>();
  private readonly byStream = new Map<string, Subscription>();
  /** Subscriptions asked for and not yet answered. */
  private readonly opening = new Map<string, FrameOf<ClientFrame, 'subscribe'>>();
  /** Those among them whose snapshot waits until the link takes it: it is not held meanwhile, but made anew. */
  private readonly postponed = new Set<string>();
  private readonly produced = new Set<string>();
  private outbox: ServerFrame<EncodedChunk>[] = [];
  private outboxBytes = 0;
  private outboxMarks = 0;
  private isDirty = false;
  private heardAt: number;
  private badFrames = 0;
  private pendingChunks = 0;
  private pendingBytes = 0;
  /** Why it ends as soon as nothing waits to be kept; `undefined` while it goes on. */
  private leaving: string | undefined;
  private over = false;

  constructor(
    readonly id: string,
    private readonly limits: SessionLimits,
    private readonly act: SessionActions,
    now: number,
  ) {
    this.heardAt = now;
  }

  /** Says welcome: what the client must know before anything else. */
  open(): void {
    const { maxFrame, pingMs, window } = this.limits;
    this.queue({ t: 'welcome', protocol: subprotocol, session: this.id, maxFrame, pingMs, window });
  }

  /** Whether this turn has got its share of chunks. */
  get full(): boolean {
    return this.outboxBytes >= maxTurnBytes;
  }

  /** The subscriptions in force. */
  get subscriptions(): Iterable<Subscription> {
    return this.byChannel.values();
  }

  /** Whether it reads anything, or is about to. */
  get reads(): boolean {
    return this.byStream.size > 0 || this.opening.size > 0;
  }

  /** How full the fuller of its two buffers of what waits to be kept is, from 0 to 1. */
  get pendingShare(): number {
    const { maxPendingChunks, maxPendingBytes } = this.limits;
    return Math.max(this.pendingChunks / maxPendingChunks, this.pendingBytes / maxPendingBytes);
  }

  /** Frames came from the client. */
  received(frames: readonly (ClientFrame | BadFrame)[], now: number): void {
    this.heardAt = now;
    for (const frame of frames) {
      if (this.over) return;
      if (frame instanceof BadFrame) this.refuseBad(frame);
      else this.obey(frame);
    }
  }

  private obey(frame: ClientFrame): void {
    switch (frame.t) {
      case 'subscribe':
        return this.onSubscribe(frame);
      case 'credit':
        return this.onCredit(frame.ch, frame.chunks, frame.bytes);
      case 'unsubscribe':
        return this.onUnsubscribe(frame.ch);
      case 'nack':
        return this.onNack(frame);
      case 'publish':
        return this.onPublish(frame);
      case 'cancel':
        return this.act.cancel(frame.stream, frame.reason);
      case 'auth':
        return this.act.authenticate(frame.token);
      case 'ping':
        return this.onPing(frame);
    }
  }

  private onSubscribe(frame: FrameOf<ClientFrame, 'subscribe'>): void {
    const { stream, from, chunks, bytes } = frame;
    const known = this.byStream.get(stream);
    if (known !== undefined) {
      if (known.from !== from) return this.readAlready(stream, known.ch);
      // With a snapshot it can be large, and is not put on a heap: what is not answered is asked again.
      if (known.snapshot !== undefined && !this.roomy) return;
      this.answer(known);
      return this.grant(known, chunks, bytes);
    }
    const asked = this.opening.get(stream);
    if (asked !== undefined) {
      if (asked.from === from) return;
      return this.readAlready(stream);
    }
    if (this.opening.size + this.byStream.size >= this.limits.maxSubscriptions) {
      const message = `a connection may read at most ${this.limits.maxSubscriptions} streams`;
      return this.refuse(new StreamError('limit-reached', message), { stream });
    }
    this.opening.set(stream, frame);
    this.act.subscribe(stream, from, frame.life);
  }

  private readAlready(stream: string, ch?: number): void {
    const error = new StreamError('frame-unexpected', `stream "${stream}" is being read already: unsubscribe first`);
    this.refuse(error, ch === undefined ? { stream } : { stream, ch });
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
    const frame = this.opening.get(streamId);
    if (frame === undefined || this.over) return undefined;
    if (snapshot !== undefined && !this.roomy) {
      this.postponed.add(streamId);
      return undefined;
    }
    this.opening.delete(streamId);
    const subscription = new Subscription(streamId, ch, frame.from, start, frame.chunks, frame.bytes);
    subscription.snapshot = snapshot;
    subscription.life = life;
    this.byChannel.set(ch, subscription);
    this.byStream.set(streamId, subscription);
    this.answer(subscription);
    // It may have been the one frame too many.
    return this.over ? undefined : subscription;
  }

  private answer({ streamId: stream, from, life, ch, start: seq, snapshot }: Subscription): void {
    const frame = { t: 'subscribed', stream, from, life, ch, seq } as const;
    if (snapshot === undefined) return this.queue(frame);
    this.outboxBytes += snapshot.length;
    this.queue({ ...frame, chunks: [snapshot] });
  }

  /** Whether the link takes more than it has to. */
  private get roomy(): boolean {
    return this.writable && !this.full;
  }

  private onCredit(ch: number, chunks: number, bytes: number): void {
    const subscription = this.byChannel.get(ch);
    // A grant that crossed the end of its subscription is no fault of the client.
    if (subscription === undefined) return;
    // Who knows the channel has had the answer that names it.
    subscription.snapshot = undefined;
    this.grant(subscription, chunks, bytes);
  }

  private grant(subscription: Subscription, chunks: number, bytes: number): void {
    subscription.grant(chunks, bytes);
    if (subscription.ended === undefined) this.act.ready(subscription);
  }

  private onUnsubscribe(ch: number): void {
    const subscription = this.byChannel.get(ch);
    if (subscription !== undefined) this.forget(subscription);
    this.queue({ t: 'unsubscribed', ch });
  }

  private forget(subscription: Subscription): void {
    this.byChannel.delete(subscription.ch);
    this.byStream.delete(subscription.streamId);
    this.act.unsubscribe(subscription);
  }

  private onNack(frame: FrameOf<ClientFrame, 'nack'>): void {
    const subscription = this.byChannel.get(frame.ch);
    // No chunks for a link that takes no more: what is still missing is asked for again.
    if (subscription === undefined || !this.writable || this.full) return;
    const ranges: Range[] = [];
    for (const [from, to] of frame.ranges) {
      if (from < subscription.next) ranges.push({ from, to: Math.min(to, subscription.next) });
    }
    if (ranges.length > 0) this.act.repair(subscription, ranges);
  }

  private onPublish(received: PublishFrame): void {
    // It crossed the goodbye: who sent it sends it again, elsewhere.
    if (this.leaving !== undefined) return;
    const frame = { ...received, chunks: received.chunks.map(encodeChunk) };
    this.pend(frame, 1);
    const { maxPendingChunks, maxPendingBytes } = this.limits;
    if (this.pendingChunks <= maxPendingChunks && this.pendingBytes <= maxPendingBytes) return this.act.publish(frame);
    const message = `more than ${maxPendingChunks} chunks or ${maxPendingBytes} bytes of this connection wait to be kept`;
    this.publishRefused(frame, new StreamError('overflow', message));
  }

  /** Counts what waits to be kept. A frame without chunks waits as well. */
  private pend({ chunks }: PublishFrame<EncodedChunk>, sign: 1 | -1): void {
    this.pendingChunks += sign * Math.max(1, chunks.length);
    for (const chunk of chunks) this.pendingBytes += sign * chunk.length;
  }

  /** A `publish` was kept. */
  published(frame: PublishFrame<EncodedChunk>, appended: Pick<Appended, 'next'>): void {
    this.pend(frame, -1);
    const { stream, producer, epoch, seq, chunks, close } = frame;
    // Nobody can cancel what has ended.
    if (close === undefined) this.produced.add(stream);
    else this.produced.delete(stream);
    const ack = { t: 'ack', stream, producer, epoch, seq: seq + chunks.length, next: appended.next } as const;
    this.queue(close === undefined ? ack : { ...ack, closed: true });
    this.leaveWhenKept();
  }

  /** A `publish` was refused. */
  publishRefused(frame: PublishFrame<EncodedChunk>, error: StreamError): void {
    this.pend(frame, -1);
    this.refuse(error, { stream: frame.stream, producer: frame.producer, epoch: frame.epoch });
    this.leaveWhenKept();
  }

  /** Sends the client elsewhere: what waits to be kept is answered, then the session ends. */
  leave(retryMs: number, reason: string): void {
    if (this.over || this.leaving !== undefined) return;
    this.leaving = reason;
    this.queue({ t: 'goodbye', retryMs });
    this.leaveWhenKept();
  }

  private leaveWhenKept(): void {
    if (this.leaving !== undefined && this.pendingChunks === 0) this.close('going-away', this.leaving);
  }

  /** A `subscribe` was refused. */
  subscribeRefused(streamId: string, error: StreamError): void {
    this.opening.delete(streamId);
    this.postponed.delete(streamId);
    this.refuse(error, { stream: streamId });
  }

  /** Tells the client something beside all streams. Answers whether it goes out: not while the link takes no more. */
  push(data: JsonValue): boolean {
    if (this.over || !this.roomy) return false;
    this.queue({ t: 'push', data });
    return !this.over;
  }

  /** A stream was cancelled: tells the client if it has written to it. */
  stopped(streamId: string, reason: string | undefined): void {
    if (!this.produced.delete(streamId)) return;
    this.queue(reason === undefined ? { t: 'stop', stream: streamId } : { t: 'stop', stream: streamId, reason });
  }

  /** It is known who the client is, for so long. */
  authenticated(expiresInMs: number | undefined): void {
    const known = { t: 'authenticated' } as const;
    this.queue(expiresInMs === undefined ? known : { ...known, expiresInMs: Math.max(0, Math.floor(expiresInMs)) });
  }

  private onPing(frame: FrameOf<ClientFrame, 'ping'>): void {
    const sent: [number, number][] = [];
    for (const [ch, chunks, bytes] of frame.grants) {
      const subscription = this.byChannel.get(ch);
      if (subscription === undefined) {
        // The client waits for what will never come: an answer to an earlier request had misled it.
        this.queue({ t: 'unsubscribed', ch });
        continue;
      }
      this.onCredit(ch, chunks, bytes);
      if (subscription.ended !== undefined) this.queueEnd(subscription, subscription.ended);
      sent.push([ch, subscription.next]);
    }
    this.queue({ t: 'pong', sent });
  }

  /** Sends chunks for the first time, at the end of the turn. */
  deliver(subscription: Subscription, parcel: Parcel): void {
    subscription.sent(parcel);
    this.resend(parcel);
  }

  /** Sends chunks again. */
  resend({ frame, length }: Parcel): void {
    this.outboxBytes += length;
    this.queue(frame);
  }

  /** Chunks are no longer kept. Moves the subscription behind them when it had not got there. */
  gap(subscription: Subscription, from: number, to: number): void {
    if (subscription.next < to) subscription.next = to;
    this.queue({ t: 'gap', ch: subscription.ch, from, to, reason: 'trimmed' });
  }

  /** The stream has ended and everything of it was sent. */
  ended(subscription: Subscription, end: Close): void {
    subscription.ended = end;
    this.queueEnd(subscription, end);
  }

  private queueEnd(subscription: Subscription, end: Close): void {
    const { ch, next } = subscription;
    const { status, reason } = end;
    this.queue(
      reason === undefined ? { t: 'end', ch, seq: next, status } : { t: 'end', ch, seq: next, status, reason },
    );
  }

  /** A subscription cannot go on: the client is told, unless it has all there was, and it is over. */
  drop(subscription: Subscription, error: StreamError): void {
    this.forget(subscription);
    if (subscription.ended === undefined) this.refuse(error, { stream: subscription.streamId, ch: subscription.ch });
  }

  /** Answers a request with an error. */
  refuse(error: StreamError, about: About = {}): void {
    // Without its log a gateway is good for nothing: another may reach it, and nobody need give up what it reads or writes.
    if (error.code === 'log-unavailable') return this.close('unavailable', error.message);
    const { expected, field, retryAfterMs } = error.details;
    this.queue({
      t: 'error',
      code: error.code,
      message: error.message,
      ...about,
      ...(expected === undefined ? {} : { expected }),
      ...(field === undefined ? {} : { field }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
    });
  }

  private refuseBad(frame: BadFrame): void {
    const { stream, ch, producer } = frame;
    this.refuse(frame.error, {
      ...(stream === undefined ? {} : { stream }),
      ...(ch === undefined ? {} : { ch }),
      // An empty name is no name: it would make the answer itself invalid.
      ...(producer === undefined || producer === '' ? {} : { producer }),
    });
    this.badFrames++;
    if (this.badFrames >= this.limits.maxBadFrames) this.close('limit-reached', `${this.badFrames} invalid frames`);
  }

  private queue(frame: ServerFrame<EncodedChunk>): void {
    if (this.over) return;
    if (this.outbox.length === 0) this.outbox = [frame];
    else this.outbox.push(frame);
    if (frame.t === 'pong') this.outboxMarks += frame.sent.length;
    const long = this.outbox.length > maxBacklog || this.outboxMarks > maxBacklogMarks;
    if (!this.writable) {
      if (long) this.close('backlog', 'the answers are not read');
      return;
    }
    // One turn may bring more requests than may wait: only the link knows whether their answers are read.
    if (long) return this.flush();
    if (this.isDirty) return;
    this.isDirty = true;
    this.act.dirty();
  }

  /** Sends what is ready, as one message. Called at the end of every turn in which the session was dirty. */
  flush(): void {
    this.isDirty = false;
    if (this.over || !this.writable || this.outbox.length === 0) return;
    const frames = this.outbox;
    this.outbox = [];
    this.outboxBytes = 0;
    this.outboxMarks = 0;
    try {
      this.writable = this.act.send(frames);
    } catch {
      this.close('internal', 'the link failed');
    }
    this.askAgain();
  }

  /** The link takes more: those whose snapshots had to wait are looked up again, until it does not. */
  private askAgain(): void {
    let asked = 0;
    for (const streamId of this.postponed) {
      // Their answers are what the link has to take next: that many at a time keep it busy.
      if (this.over || !this.roomy || asked++ === maxAskedAgain) return;
      this.postponed.delete(streamId);
      const { from, life } = this.opening.get(streamId)!;
      this.act.subscribe(streamId, from, life);
    }
  }

  /** The link takes more again. */
  drained(): void {
    if (this.over) return;
    this.writable = true;
    this.flush();
    this.askAgain();
    for (const subscription of this.byChannel.values()) {
      if (subscription.ended === undefined) this.act.ready(subscription);
    }
  }

  /** Time has passed. */
  tick(now: number): void {
    const silence = now - this.heardAt;
    if (silence >= this.limits.pingMs * 2.5) this.close('idle-timeout', `nothing heard for ${silence} ms`);
  }

  /** Ends the session: what is ready is sent, then the link is closed. */
  close(name: CloseName, reason: string): void {
    if (this.over) return;
    this.flush();
    // Sending may have ended it.
    if (this.over) return;
    this.act.close(closeCodes[name], reason);
    this.closed();
  }

  /** The link has ended: lets everything go. */
  closed(): void {
    if (this.over) return;
    this.over = true;
    this.outbox = [];
    this.opening.clear();
    this.postponed.clear();
    for (const subscription of [...this.byChannel.values()]) this.forget(subscription);
  }
}
