import { type JsonValue, type Range, StreamError } from '../chunk/index.js';
import {
  BadFrame,
  type OutgoingFrame,
  closedNormally,
  connectionLost,
  type FrameOf,
  mayReconnect,
  messageMalformed,
  nothingHeard,
  requestBytes,
  type ServerFrame,
} from '../protocol/index.js';
import { Packer } from './packer.js';
import type { Reading } from './reading.js';
import { Readings } from './readings.js';

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
  /** The server said something beside all streams. */
  pushed(data: JsonValue): void;
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
  /** Part of a wait that a server asks for, so that not all come back at once. */
  readonly spread: (ms: number) => number;
}

/** What a server says first. */
export type Welcome = FrameOf<ServerFrame, 'welcome'>;

/**
 * The client's side of a connection, as a pure state machine: calls in, actions out, no sockets and no timers. The time
 * is handed in, in milliseconds. It outlives its links: when one breaks it waits, opens another and goes on where every
 * reading was. It only reads; `WritingConnection` writes as well.
 */
export class Connection {
  #current: ConnectionState = 'idle';
  protected readonly readings = new Readings(() => this.mark());
  #isDirty = false;
  #writable = true;
  #welcome: Welcome | undefined;
  #attempts = 0;
  /** When the current state is over, if nothing happens: an open link that has said nothing by then is taken for dead. */
  #deadline = 0;
  #pingedAt = 0;
  /** How long the server wants to have it wait once this link has ended: it said goodbye, and takes no more writing. */
  #goodbyeMs: number | undefined;
  /** The server has asked not to be connected to before this time. */
  #notBefore = 0;
  /** Why it is closed. */
  protected failure: StreamError | undefined;

  readonly #act: ConnectionActions;

  constructor(
    protected readonly limits: ConnectionLimits,
    act: ConnectionActions,
  ) {
    this.#act = act;
  }

  get state(): ConnectionState {
    return this.#current;
  }

  /** Whether a stream is being read. */
  reads(streamId: string): boolean {
    return this.readings.has(streamId);
  }

  /** Whether nothing is read or written. */
  get unused(): boolean {
    return this.readings.empty;
  }

  // What the application wants.

  /** Reads a stream. */
  read(reading: Reading, now: number): void {
    if (this.failure !== undefined) return reading.fail(this.failure);
    this.readings.add(reading);
    if (this.#current === 'open') this.readings.ask(reading, now);
    else this.start(now);
  }

  /** Reads a stream no more. The producer is not touched. */
  unread(reading: Reading, now: number): void {
    this.readings.remove(reading, now);
  }

  /** Chunks were consumed: lets the server send more, when it is worth a frame. */
  consumed(reading: Reading, chunks: number, bytes: number): void {
    reading.consumed(chunks, bytes);
    this.readings.credit(reading);
  }

  /** Chunks were sent and did not come: has the stream begin anew where it is. */
  missing(reading: Reading, _ranges: readonly Range[], now: number): void {
    this.readings.restart(reading, now);
  }

  /** Ends a stream for everybody. */
  cancel(stream: string, reason: string | undefined, now: number): void {
    if (this.failure !== undefined) return;
    this.readings.send(reason === undefined ? { t: 'cancel', stream } : { t: 'cancel', stream, reason });
    this.start(now);
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#current === 'closed') return;
    // At which time it leaves does not matter any more.
    if (this.#current === 'open') this.flush(0);
    this.#act.disconnect(closedNormally, '');
    this.giveUp(new StreamError('client-closed', 'the client was closed'));
  }

  /** There is something to send. */
  protected start(now: number): void {
    if (this.#current === 'idle') this.#open(now);
    else this.mark();
  }

  // What the link says.

  #open(now: number): void {
    this.#deadline = now + this.limits.connectMs;
    this.#current = 'connecting';
    this.#act.wakeAt(this.#deadline);
    this.#act.connect();
    // Last, here and everywhere: who hears it may close the connection.
    this.#act.state('connecting');
  }

  /** Frames came from the server. */
  received(frames: readonly (ServerFrame | BadFrame)[], now: number): void {
    if (this.#current === 'open') this.#lives(now);
    for (const frame of frames) {
      if (this.#current !== 'connecting' && this.#current !== 'open') return;
      if (frame instanceof BadFrame) this.#onBadFrame(frame, now);
      else this.obey(frame, now);
    }
  }

  #lives(now: number): void {
    this.#deadline = now + this.#pingMs * 2;
  }

  protected obey(frame: ServerFrame, now: number): void {
    if (frame.t === 'welcome') return this.#onWelcome(frame, now);
    if (frame.t === 'push') return this.#act.pushed(frame.data);
    if (frame.t === 'goodbye') this.#goodbyeMs = frame.retryMs;
    else if (frame.t === 'error') this.#wait(frame, now);
    else if (frame.t === 'data' || frame.t === 'pong') this.isServed();
    this.readings.obey(frame, now);
  }

  /** What is refused for all streams together is not to be asked before it is worth to. */
  #wait({ stream, producer, retryAfterMs }: FrameOf<ServerFrame, 'error'>, now: number): void {
    if (!stream && producer === undefined && retryAfterMs !== undefined) this.#notBefore = now + retryAfterMs;
  }

  /** This server does what it is there for: the attempts until it did are forgotten. */
  protected isServed(): void {
    this.#attempts = 0;
  }

  #onWelcome(frame: Welcome, now: number): void {
    // On a link that duplicates, a second welcome means nothing.
    if (this.#current !== 'connecting') return;
    this.#welcome = frame;
    this.#pingedAt = now;
    this.#current = 'open';
    this.#lives(now);
    this.resume(now);
    this.mark();
    this.#armTick(now);
    this.#act.state('open');
  }

  /** There is a new link: everything is said again. */
  protected resume(now: number): void {
    this.readings.resume(now);
  }

  #onBadFrame(frame: BadFrame, now: number): void {
    // A frame of a later version can be left out; one we should have understood cannot.
    if (frame.error.code === 'frame-unknown') return;
    // Nor can a chunk: it would come again on every connection.
    if (frame.t === 'data' && this.readings.spoiled(frame.ch, frame.error, now)) return;
    this.#act.disconnect(messageMalformed, frame.error.message);
    this.#lost(connectionLost, frame.error.message, now);
  }

  /** The link takes more again. */
  drained(now: number): void {
    this.#writable = true;
    this.flush(now);
  }

  /** The link has ended. */
  ended(code: number, reason: string, now: number): void {
    if (this.#current === 'connecting' || this.#current === 'open') this.#lost(code, reason, now);
  }

  #lost(code: number, reason: string, now: number): void {
    this.readings.lost();
    this.#writable = true;
    const why = reason === '' ? `${code}` : `${code}: ${reason}`;
    if (!mayReconnect(code))
      return this.giveUp(new StreamError('connection-refused', `the server ended the connection (${why})`));
    const goodbyeMs = this.#goodbyeMs;
    this.#goodbyeMs = undefined;
    if (goodbyeMs === undefined && this.#attempts >= this.limits.maxRetries) {
      const message = `the connection was lost (${why}) and ${this.#attempts} attempts to get it back failed`;
      return this.giveUp(new StreamError('connection-lost', message));
    }
    // Who is sent on again and again gets nowhere: that is a failure like others.
    const asked = goodbyeMs !== undefined && this.#attempts === 0;
    const waitMs = asked ? this.limits.spread(goodbyeMs) : this.limits.backoff(this.#attempts);
    this.#deadline = Math.max(now + waitMs, this.#notBefore);
    this.#attempts++;
    this.#current = 'waiting';
    this.#act.wakeAt(this.#deadline);
    this.#act.state('waiting');
  }

  protected giveUp(error: StreamError): void {
    this.#current = 'closed';
    this.failure = error;
    this.#act.wakeAt(undefined);
    this.#act.state('closed');
    this.readings.fail(error);
  }

  // Time.

  /** Most time between two pings, once the server has said what it expects. */
  get #pingMs(): number {
    return Math.min(this.limits.pingMs, this.#welcome!.pingMs);
  }

  #armTick(now: number): void {
    this.#act.wakeAt(now + Math.min(this.#pingMs, this.limits.retryMs) / 2);
  }

  /** The machine woke up, or the network is back: nothing is waited out, and a link that is open must show that it lives. */
  wake(now: number): void {
    if (this.#current === 'waiting' && now >= this.#notBefore) return this.#open(now);
    const by = now + this.limits.retryMs;
    if (this.#current !== 'open' || by >= this.#deadline) return;
    this.#deadline = by;
    this.#ping(now);
  }

  /** Time has passed. */
  tick(now: number): void {
    const current = this.#current;
    if (current === 'idle' || current === 'closed') return;
    if (now >= this.#deadline) {
      if (current === 'waiting') return this.#open(now);
      return this.#abandon(current === 'open' ? 'nothing heard' : 'connecting took too long', now);
    }
    if (current !== 'open') return this.#act.wakeAt(this.#deadline);
    if (now - this.#pingedAt >= this.#pingMs) this.#ping(now);
    this.retry(now - this.limits.retryMs, now);
    this.#armTick(now);
  }

  #abandon(reason: string, now: number): void {
    this.#act.disconnect(nothingHeard, reason);
    this.#lost(connectionLost, reason, now);
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.readings.ping(now);
  }

  /** Sends again what was not answered since `before`. */
  protected retry(before: number, now: number): void {
    this.readings.retry(before, now);
  }

  // What leaves.

  /** Something waits to be sent. */
  protected mark(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#act.dirty();
  }

  /** Sends what is ready, in as few messages as `maxFrame` allows. Called at the end of every turn that was dirty. */
  flush(now: number): void {
    this.#isDirty = false;
    if (this.#current !== 'open' || this.#welcome === undefined || !this.#writable) return;
    const { maxFrame } = this.#welcome;
    const message = new Packer(maxFrame, (frames) => this.#act.send(frames));
    for (const frame of this.readings.take()) message.add(frame, requestBytes(frame));
    // Behind a goodbye nothing is kept: it goes over the next link.
    if (this.#goodbyeMs === undefined) this.pack(message, this.#welcome, now);
    this.#writable = message.finish();
  }

  /** Adds what a writer has to say. */
  protected pack(_message: Packer, _welcome: Welcome, _now: number): void {}
}
