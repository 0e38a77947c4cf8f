import { type EncodedChunk, type JsonValue, StreamError } from '../chunk/index.js';
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
import { Departures } from './departures.js';
import { Packer } from './packer.js';
import type { Reading } from './reading.js';

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

/** Bytes that a frame's list may leave for the rest of the frame. */
const frameRest = 64;
/** Most bytes of one entry in a list of grants, and in one of ranges: its numbers have 16 digits at most. */
const grantBytes = 53;
const rangeBytes = 36;
/** Most ranges of one `nack`. */
const maxRanges = 64;

/** What a server says first. */
export type Welcome = FrameOf<ServerFrame, 'welcome'>;

/**
 * The client's side of a connection, as a pure state machine: calls in, actions out, no sockets and no timers. The time
 * is handed in, in milliseconds. It outlives its links: when one breaks it waits, opens another and goes on where every
 * reading was. It only reads; `WritingConnection` writes as well.
 */
export class Connection {
  #current: ConnectionState = 'idle';
  readonly #readings = new Map<string, Reading>();
  readonly #byChannel = new Map<number, Reading>();
  readonly #departures = new Departures();
  #outbox: ClientFrame<EncodedChunk>[] = [];
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
    return this.#readings.has(streamId);
  }

  /** Whether nothing is read or written. */
  get unused(): boolean {
    return this.#readings.size === 0;
  }

  // What the application wants.

  /** Reads a stream. */
  read(reading: Reading, now: number): void {
    if (this.failure !== undefined) return reading.fail(this.failure);
    this.#readings.set(reading.streamId, reading);
    if (this.#current === 'open') this.#ask(reading, now);
    else this.start(now);
  }

  #ask(reading: Reading, now: number): void {
    if (!this.#departures.has(reading.streamId)) this.#queue(reading.subscribe(now));
  }

  /** Reads a stream no more. The producer is not touched. */
  unread(reading: Reading, now: number): void {
    if (this.#readings.get(reading.streamId) !== reading) return;
    this.#readings.delete(reading.streamId);
    this.#depart(reading, now);
  }

  #depart(reading: Reading, now: number): void {
    const { streamId, ch, asked, requests } = reading;
    // What it consumes from now on is no credit for the next one that reads the stream, on the same channel.
    reading.disconnected();
    if (this.#current !== 'open') return;
    if (ch !== undefined) {
      this.#byChannel.delete(ch);
      this.#queue(this.#departures.leave(streamId, ch, now));
    } else if (asked !== undefined) {
      const unsent = this.#outbox.findIndex((frame) => frame === asked.request);
      if (unsent >= 0) this.#outbox.splice(unsent, 1);
      if (unsent < 0 || requests > 1) this.#departures.expect(asked.request, now);
    }
  }

  /** Chunks were consumed: lets the server send more, when it is worth a frame. */
  consumed(reading: Reading, chunks: number, bytes: number): void {
    reading.consumed(chunks, bytes);
    this.#credit(reading);
  }

  #credit(reading: Reading): void {
    if (this.#current !== 'open' || !reading.due) return;
    const [ch, chunks, bytes] = reading.grant()!;
    this.#queue({ t: 'credit', ch, chunks, bytes });
  }

  /** Asks again for chunks that were sent and did not come. */
  nack(reading: Reading, ranges: readonly { readonly from: number; readonly to: number }[]): void {
    if (reading.ch === undefined || this.#current !== 'open' || ranges.length === 0) return;
    const most = Math.min(maxRanges, this.#entries(rangeBytes));
    this.#queue({ t: 'nack', ch: reading.ch, ranges: ranges.slice(0, most).map(({ from, to }) => [from, to]) });
  }

  /** Ends a stream for everybody. */
  cancel(streamId: string, reason: string | undefined, now: number): void {
    this.#queue(reason === undefined ? { t: 'cancel', stream: streamId } : { t: 'cancel', stream: streamId, reason });
    this.start(now);
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#current === 'closed') return;
    // At which time it leaves does not matter any more.
    if (this.#current === 'open') this.flush(0);
    this.#act.disconnect(closeCodes.normal, '');
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
    switch (frame.t) {
      case 'welcome':
        return this.#onWelcome(frame, now);
      case 'subscribed':
        return this.#onSubscribed(frame, now);
      case 'unsubscribed':
        return this.#onUnsubscribed(frame.ch, now);
      case 'data':
        this.isServed();
        return this.#byChannel.get(frame.ch)?.data(frame.seq, frame.chunks);
      case 'gap':
        return this.#byChannel.get(frame.ch)?.gap(frame.from, frame.to, frame.reason);
      case 'end':
        return this.#byChannel.get(frame.ch)?.end(frame.seq, frame.status, frame.reason);
      case 'pong':
        this.isServed();
        for (const [ch, seq] of frame.sent) this.#byChannel.get(ch)?.mark(seq);
        return undefined;
      case 'push':
        return this.#act.pushed(frame.data);
      case 'goodbye':
        this.#goodbyeMs = frame.retryMs;
        return undefined;
      case 'error':
        return this.#onError(frame, now);
      case 'authenticated':
      case 'ack':
      case 'stop':
        // Whoever shows tokens, or writes, has heard it.
        return undefined;
    }
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
    for (const reading of this.#readings.values()) this.#ask(reading, now);
  }

  #onSubscribed({ stream, from, life, ch, seq, chunks }: FrameOf<ServerFrame, 'subscribed'>, now: number): void {
    const reading = this.#readings.get(stream);
    // Nobody wants it any more, or not yet: somebody waits until it is left.
    if (reading === undefined || this.#departures.has(stream)) {
      return this.#queue(this.#departures.leave(stream, ch, now));
    }
    if (!reading.subscribed(ch, seq, from, life)) return;
    this.#byChannel.set(ch, reading);
    // What was consumed since it was asked for.
    this.#credit(reading);
    // What was sent behind an earlier answer is lost: a `pong` will tell how much.
    if (reading.requests > 1) this.#ping(now);
    // Last: who gets it may leave.
    if (chunks !== undefined) reading.snapshot(seq, chunks[0]!);
  }

  #onUnsubscribed(ch: number, now: number): void {
    const left = this.#departures.left(ch);
    const reading = left === undefined ? this.#byChannel.get(ch) : this.#readings.get(left);
    if (reading === undefined) return;
    // A request to leave that came late has ended the next reading as well.
    this.#byChannel.delete(ch);
    this.#ask(reading, now);
  }

  #onError(frame: FrameOf<ServerFrame, 'error'>, now: number): void {
    const { code, stream = '', ch, retryAfterMs, producer } = frame;
    if (producer !== undefined) return;
    if (stream === '' && retryAfterMs !== undefined) this.#notBefore = now + retryAfterMs;
    const reading = (ch === undefined ? undefined : this.#byChannel.get(ch)) ?? this.#readings.get(stream);
    if (code === 'frame-unexpected') return this.#onReadElsewhere(stream, ch, reading, now);
    if (this.#departures.refused(stream)) {
      if (reading !== undefined) this.#ask(reading, now);
    } else if (reading !== undefined && !this.#departures.has(stream)) {
      // The only request there was is answered: whoever wants the stream may ask for it at once.
      if (reading.requests === 1 && reading.ch === undefined) reading.disconnected();
      this.#end(reading, errorOf(frame), now);
    }
  }

  /** The server reads the stream already, from elsewhere: a request came late, or the one to leave it was lost. */
  #onReadElsewhere(stream: string, ch: number | undefined, reading: Reading | undefined, now: number): void {
    // It speaks of a request that is not the one in force.
    if (reading?.ch !== undefined) return;
    const asked = reading?.asked;
    reading?.disconnected();
    if (ch !== undefined) this.#queue(this.#departures.leave(stream, ch, now));
    else if (asked !== undefined) this.#departures.expect(asked.request, now);
  }

  /** A reading cannot go on. */
  #end(reading: Reading, error: StreamError, now: number): void {
    this.#readings.delete(reading.streamId);
    this.#depart(reading, now);
    reading.fail(error);
  }

  #onBadFrame(frame: BadFrame, now: number): void {
    // A frame of a later version can be left out; one we should have understood cannot.
    if (frame.error.code === 'frame-unknown') return;
    // Nor can a chunk: it would come again on every connection.
    const reading = frame.t === 'data' ? this.#byChannel.get(frame.ch ?? -1) : undefined;
    if (reading !== undefined) return this.#end(reading, frame.error, now);
    this.#act.disconnect(closeCodes['frame-malformed'], frame.error.message);
    this.#lost(closeCodes.lost, frame.error.message, now);
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
    this.#byChannel.clear();
    this.#departures.clear();
    for (const reading of this.#readings.values()) reading.disconnected();
    this.#outbox = this.#outbox.filter((frame) => frame.t === 'cancel');
    this.#writable = true;
    const why = `${closeName(code)}${reason === '' ? '' : `: ${reason}`}`;
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
    const readings = [...this.#readings.values()];
    this.#readings.clear();
    this.#byChannel.clear();
    for (const reading of readings) reading.fail(error);
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
    this.#act.disconnect(closeCodes['idle-timeout'], reason);
    this.#lost(closeCodes.lost, reason, now);
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    const grants: [number, number, number][] = [];
    for (const reading of [...this.#byChannel.values()]) {
      // The server counts chunks that nobody will ever consume: only a new beginning sets it right.
      if (reading.leaks) this.#depart(reading, now);
      else grants.push(reading.grant()!);
    }
    const most = this.#entries(grantBytes);
    for (let i = 0; i === 0 || i < grants.length; i += most) {
      this.#queue({ t: 'ping', grants: grants.slice(i, i + most) });
    }
  }

  /** How many entries of so many bytes fit a message. */
  #entries(bytes: number): number {
    const { maxFrame } = this.#welcome!;
    return Math.max(1, Math.floor((maxFrame - frameRest) / bytes));
  }

  /** Sends again what was not answered since `before`. */
  protected retry(before: number, now: number): void {
    for (const reading of this.#readings.values()) {
      if (reading.asked !== undefined && reading.asked.at <= before) this.#queue(reading.subscribe(now));
    }
    for (const frame of this.#departures.repeat(before, now)) this.#queue(frame);
  }

  // What leaves.

  #queue(frame: ClientFrame<EncodedChunk>): void {
    if (this.#current === 'closed') return;
    this.#outbox.push(frame);
    this.mark();
  }

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
    for (const frame of this.#outbox.splice(0)) message.add(frame);
    // Behind a goodbye nothing is kept: it goes over the next link.
    if (this.#goodbyeMs === undefined) this.pack(message, this.#welcome, now);
    this.#writable = message.finish();
  }

  /** Adds what a writer has to say. */
  protected pack(_message: Packer, _welcome: Welcome, _now: number): void {}
}

/** @internal What a server has refused, as an error. */
export function errorOf({
  code,
  message,
  stream = '',
  expected,
  retryAfterMs,
}: FrameOf<ServerFrame, 'error'>): StreamError {
  return new StreamError(code, message, {
    ...(stream === '' ? {} : { streamId: stream }),
    ...(expected === undefined ? {} : { expected }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
