import { type EncodedChunk, StreamError } from '../chunk/index.js';
import {
  BadFrame,
  type ClientFrame,
  closeCodes,
  closeName,
  type FrameOf,
  mayReconnect,
  type OutgoingFrame,
  type ServerFrame,
} from '../protocol/index.js';
import { Packer } from './packer.js';
import type { Reading } from './reading.js';
import type { Writing } from './writing.js';

/** Where a connection stands. */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';

/** What a connection asks of the client around it. */
export interface ConnectionActions {
  /** Opens a new link. */
  connect(): void;
  /** Sends frames as one message. Answers whether the link takes more. */
  send(frames: readonly OutgoingFrame[]): boolean;
  /** Ends the link, if there is one. Nothing it says later is wanted. */
  disconnect(code: number, reason: string): void;
  /** There is something to send: call {@link Connection.flush} at the end of the turn. */
  dirty(): void;
  /** Call {@link Connection.tick} at this time, instead of any time said before; `undefined`: not at all. */
  wakeAt(time: number | undefined): void;
  /** The state has changed. */
  state(state: ConnectionState): void;
}

/** Times, in milliseconds, and counts of a connection. */
export interface ConnectionLimits {
  /** How long opening may take. */
  readonly connectMs: number;
  /** Most time between two pings; the server may ask for less. */
  readonly pingMs: number;
  /** How long an answer may take before the request is sent again. */
  readonly retryMs: number;
  /** Failed attempts in a row after which the connection is given up. May be `Infinity`. */
  readonly maxRetries: number;
  /** Wait before an attempt, by the number of failed ones. */
  readonly backoff: (attempt: number) => number;
}

/** Grants in one `ping`, so that it fits a message. */
const grantsPerPing = 1000;

type Welcome = FrameOf<ServerFrame, 'welcome'>;

/**
 * The client's side of a connection, as a pure state machine: calls in, actions out, no sockets and no timers. The time
 * is handed in, in milliseconds. It outlives its links: when one breaks it waits, opens another and goes on where every
 * reading and writing was.
 */
export class Connection {
  private current: ConnectionState = 'idle';
  private readonly readings = new Map<string, Reading>();
  private readonly byChannel = new Map<number, Reading>();
  private readonly writings = new Map<string, Writing>();
  private outbox: ClientFrame<EncodedChunk>[] = [];
  private isDirty = false;
  private writable = true;
  private welcome: Welcome | undefined;
  private attempts = 0;
  /** When the current state is over, if nothing happens: connecting, waiting. */
  private deadline = 0;
  private heardAt = 0;
  private pingedAt = 0;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly act: ConnectionActions,
  ) {}

  get state(): ConnectionState {
    return this.current;
  }

  /** Whether a stream is being read. */
  reads(streamId: string): boolean {
    return this.readings.has(streamId);
  }

  /** Whether nothing is read or written. */
  get unused(): boolean {
    return this.readings.size === 0 && this.writings.size === 0;
  }

  private enter(state: ConnectionState): void {
    this.current = state;
    this.act.state(state);
  }

  // What the application wants.

  /** Reads a stream. */
  read(reading: Reading, now: number): void {
    this.readings.set(reading.streamId, reading);
    if (this.current === 'open') this.queue(reading.subscribe(now));
    else this.start(now);
  }

  /** Reads a stream no more. The producer is not touched. */
  unread(reading: Reading): void {
    if (this.readings.get(reading.streamId) !== reading) return;
    this.readings.delete(reading.streamId);
    const { ch } = reading;
    if (ch === undefined) return;
    this.byChannel.delete(ch);
    // What it consumes from now on is no credit for the next one that reads the stream, on the same channel.
    reading.ch = undefined;
    if (this.current === 'open') this.queue({ t: 'unsubscribe', ch });
  }

  /** Chunks were consumed: lets the server send more, when it is worth a frame. */
  consumed(reading: Reading, chunks: number, bytes: number): void {
    if (!reading.consumed(chunks, bytes) || this.current !== 'open') return;
    const grant = reading.grant();
    if (grant !== undefined) this.queue({ t: 'credit', ch: grant[0], chunks: grant[1], bytes: grant[2] });
  }

  /** Asks again for chunks that were sent and did not come. */
  nack(reading: Reading, ranges: readonly { readonly from: number; readonly to: number }[]): void {
    if (reading.ch === undefined || this.current !== 'open' || ranges.length === 0) return;
    this.queue({ t: 'nack', ch: reading.ch, ranges: ranges.slice(0, 64).map(({ from, to }) => [from, to]) });
  }

  /** Writes to a stream: call {@link Connection.wrote} whenever something was pushed. */
  write(writing: Writing, now: number): void {
    const key = keyOf(writing.streamId, writing.producer);
    const before = this.writings.get(key);
    this.writings.set(key, writing);
    before?.fail(new StreamError('producer-fenced', `"${writing.producer}" writes with epoch ${writing.epoch} now`));
    this.start(now);
  }

  /** The epoch with which a producer writes to a stream, if it does. */
  epochOf(streamId: string, producer: string): number | undefined {
    return this.writings.get(keyOf(streamId, producer))?.epoch;
  }

  /** Something was pushed to a writing. */
  wrote(): void {
    this.mark();
  }

  /** Writes no more; what is not acknowledged may be lost. */
  unwrite(writing: Writing): void {
    const key = keyOf(writing.streamId, writing.producer);
    // The producer's next life may write already.
    if (this.writings.get(key) === writing) this.writings.delete(key);
  }

  /** Ends a stream for everybody. */
  cancel(streamId: string, reason: string | undefined, now: number): void {
    this.queue(reason === undefined ? { t: 'cancel', stream: streamId } : { t: 'cancel', stream: streamId, reason });
    this.start(now);
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.current === 'closed') return;
    if (this.current === 'open') this.flush(this.heardAt);
    this.act.disconnect(closeCodes.normal, '');
    this.giveUp(new StreamError('connection-refused', 'the client was closed'));
  }

  private start(now: number): void {
    if (this.current === 'idle') this.open(now);
    else this.mark();
  }

  // What the link says.

  private open(now: number): void {
    this.deadline = now + this.limits.connectMs;
    this.enter('connecting');
    this.act.wakeAt(this.deadline);
    this.act.connect();
  }

  /** Frames came from the server. */
  received(frames: readonly (ServerFrame | BadFrame)[], now: number): void {
    this.heardAt = now;
    for (const frame of frames) {
      if (this.current !== 'connecting' && this.current !== 'open') return;
      if (frame instanceof BadFrame) this.onBadFrame(frame, now);
      else this.obey(frame, now);
    }
  }

  private obey(frame: ServerFrame, now: number): void {
    switch (frame.t) {
      case 'welcome':
        return this.onWelcome(frame, now);
      case 'subscribed':
        return this.onSubscribed(frame);
      case 'data':
        this.attempts = 0;
        return this.byChannel.get(frame.ch)?.data(frame.seq, frame.chunks);
      case 'gap':
        return this.byChannel.get(frame.ch)?.gap(frame.from, frame.to, frame.reason);
      case 'end':
        return this.byChannel.get(frame.ch)?.end(frame.seq, frame.status, frame.reason);
      case 'pong':
        for (const [ch, seq] of frame.sent) this.byChannel.get(ch)?.mark(seq);
        return undefined;
      case 'ack':
        return this.onAck(frame, now);
      case 'stop':
        for (const writing of this.writings.values()) {
          if (writing.streamId === frame.stream) writing.stopped(frame.reason);
        }
        return undefined;
      case 'error':
        return this.onError(frame);
      case 'unsubscribed':
        return undefined;
    }
  }

  private onWelcome(frame: Welcome, now: number): void {
    // On a link that duplicates, a second welcome means nothing.
    if (this.current !== 'connecting') return;
    this.welcome = frame;
    this.pingedAt = now;
    this.enter('open');
    for (const reading of this.readings.values()) this.queue(reading.subscribe(now));
    for (const writing of this.writings.values()) writing.rewind();
    this.mark();
    this.armTick(now);
  }

  private onSubscribed(frame: FrameOf<ServerFrame, 'subscribed'>): void {
    const reading = this.readings.get(frame.stream);
    if (reading === undefined) return this.queue({ t: 'unsubscribe', ch: frame.ch });
    this.byChannel.set(frame.ch, reading);
    reading.subscribed(frame.ch, frame.seq);
  }

  private onAck(frame: FrameOf<ServerFrame, 'ack'>, now: number): void {
    const writing = this.writings.get(keyOf(frame.stream, frame.producer));
    if (writing === undefined || writing.epoch !== frame.epoch) return;
    this.attempts = 0;
    if (writing.acked(frame.seq, frame.next, frame.closed === true, now)) this.mark();
  }

  private onError(frame: FrameOf<ServerFrame, 'error'>): void {
    const { code, message, stream: streamId, ch, producer, expected } = frame;
    const error = new StreamError(code, message, {
      ...(streamId === undefined ? {} : { streamId }),
      ...(expected === undefined ? {} : { expected }),
    });
    if (producer !== undefined) return this.onWriteError(keyOf(streamId ?? '', producer), error);
    const reading = ch === undefined ? this.readings.get(streamId ?? '') : this.byChannel.get(ch);
    if (reading === undefined) return;
    this.readings.delete(reading.streamId);
    if (reading.ch !== undefined) this.byChannel.delete(reading.ch);
    reading.fail(error);
  }

  private onWriteError(key: string, error: StreamError): void {
    const writing = this.writings.get(key);
    if (writing === undefined) return;
    if (error.code === 'sequence-gap' && writing.holds(error.details.expected)) {
      // A frame before it was lost: go back to the last acknowledgement. What is kept already is acknowledged on the way.
      writing.rewind();
      return this.mark();
    }
    // It was the producer's life before this one that was refused.
    if (error.code === 'producer-fenced' && error.details.expected === writing.epoch) return;
    // The server is behind with keeping: the retry comes with the next tick.
    if (error.code === 'limit-reached') return;
    this.writings.delete(key);
    writing.fail(error);
  }

  private onBadFrame(frame: BadFrame, now: number): void {
    // A frame of a later version can be left out; one we should have understood cannot.
    if (frame.error.code === 'frame-unknown') return;
    this.act.disconnect(closeCodes['frame-malformed'], frame.error.message);
    this.lost(closeCodes.lost, frame.error.message, now);
  }

  /** The link takes more again. */
  drained(now: number): void {
    this.writable = true;
    this.flush(now);
  }

  /** The link has ended. */
  ended(code: number, reason: string, now: number): void {
    if (this.current === 'connecting' || this.current === 'open') this.lost(code, reason, now);
  }

  private lost(code: number, reason: string, now: number): void {
    this.byChannel.clear();
    this.outbox = this.outbox.filter((frame) => frame.t === 'cancel');
    this.writable = true;
    const why = `${closeName(code)}${reason === '' ? '' : `: ${reason}`}`;
    if (!mayReconnect(code))
      return this.giveUp(new StreamError('connection-refused', `the server ended the connection (${why})`));
    if (this.attempts >= this.limits.maxRetries) {
      const message = `the connection was lost (${why}) and ${this.attempts} attempts to get it back failed`;
      return this.giveUp(new StreamError('connection-lost', message));
    }
    this.deadline = now + this.limits.backoff(this.attempts++);
    this.enter('waiting');
    this.act.wakeAt(this.deadline);
  }

  private giveUp(error: StreamError): void {
    this.enter('closed');
    this.act.wakeAt(undefined);
    const readings = [...this.readings.values()];
    const writings = [...this.writings.values()];
    this.readings.clear();
    this.byChannel.clear();
    this.writings.clear();
    for (const reading of readings) reading.fail(error);
    for (const writing of writings) writing.fail(error);
  }

  // Time.

  private get pingMs(): number {
    return Math.min(this.limits.pingMs, this.welcome?.pingMs ?? Infinity);
  }

  private armTick(now: number): void {
    this.act.wakeAt(now + Math.min(this.pingMs, this.limits.retryMs) / 2);
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.current === 'waiting' && now >= this.deadline) return this.open(now);
    if (this.current === 'connecting' && now >= this.deadline) return this.abandon('connecting took too long', now);
    if (this.current === 'connecting' || this.current === 'waiting') return this.act.wakeAt(this.deadline);
    if (this.current !== 'open') return undefined;
    if (now - this.heardAt >= this.pingMs * 2) return this.abandon('nothing heard', now);
    if (now - this.pingedAt >= this.pingMs) this.ping(now);
    this.retry(now);
    this.armTick(now);
  }

  private abandon(reason: string, now: number): void {
    this.act.disconnect(closeCodes['idle-timeout'], reason);
    this.lost(closeCodes.lost, reason, now);
  }

  private ping(now: number): void {
    this.pingedAt = now;
    const grants: [number, number, number][] = [];
    for (const reading of this.byChannel.values()) {
      const grant = reading.grant();
      if (grant !== undefined) grants.push(grant);
    }
    for (let i = 0; i === 0 || i < grants.length; i += grantsPerPing) {
      this.queue({ t: 'ping', grants: grants.slice(i, i + grantsPerPing) });
    }
  }

  /** Sends again what has not been answered in time. */
  private retry(now: number): void {
    const before = now - this.limits.retryMs;
    for (const reading of this.readings.values()) {
      if (reading.askedAt !== undefined && reading.askedAt <= before) this.queue(reading.subscribe(now));
    }
    for (const writing of this.writings.values()) {
      if (writing.sentAt === undefined || writing.sentAt > before) continue;
      writing.rewind();
      this.mark();
    }
  }

  // What leaves.

  private queue(frame: ClientFrame<EncodedChunk>): void {
    if (this.current === 'closed') return;
    this.outbox.push(frame);
    this.mark();
  }

  private mark(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.act.dirty();
  }

  /** Sends what is ready, in as few messages as `maxFrame` allows. Called at the end of every turn that was dirty. */
  flush(now: number): void {
    this.isDirty = false;
    if (this.current !== 'open' || this.welcome === undefined || !this.writable) return;
    const { maxFrame, window } = this.welcome;
    const message = new Packer(maxFrame, (frames) => this.act.send(frames));
    for (const frame of this.outbox.splice(0)) message.add(frame);
    for (const [key, writing] of this.writings) {
      try {
        for (let frame = writing.frame(window, maxFrame, now); frame !== undefined;) {
          message.add(frame);
          frame = writing.frame(window, maxFrame, now);
        }
      } catch (error) {
        this.writings.delete(key);
        writing.fail(error as StreamError);
      }
    }
    this.writable = message.finish();
  }
}

/** A stream name cannot hold a line feed, so the two never run together. */
function keyOf(streamId: string, producer: string): string {
  return `${streamId}\n${producer}`;
}
