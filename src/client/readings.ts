import type { StreamError } from '../chunk/index.js';
import type { FrameOf, RequestFrame, ServerFrame } from '../protocol/index.js';
import type { Reading } from './reading.js';
import { refusalOf } from './refusal.js';

/** What was said about a stream on this link, as long as the link lasts. */
interface Talk {
  /** The server's number for the stream, once it has found it. */
  readonly ch: number | undefined;
  /** What has not been answered, and when it was said; `undefined` when nothing is waited for. */
  readonly said: RequestFrame | undefined;
  saidAt: number;
  /**
   * Whether what this began is wanted no more. Nobody asks anew before it is over: the server reads a stream once for each
   * connection, and answers to two requests could not be told apart.
   */
  leaving: boolean;
}

/** How many entries one frame may list: so many fit the smallest message a server may ask for, which is 1 KiB. */
export const maxEntries = 16;

/**
 * What a connection reads, and what it has said to the server about it. The readings outlive its links; what was said is
 * over with each.
 */
export class Readings {
  readonly #byStream = new Map<string, Reading>();
  readonly #byChannel = new Map<number, Reading>();
  readonly #talks = new Map<string, Talk>();
  #outbox: RequestFrame[] = [];
  readonly #dirty: () => void;

  /** @param dirty - there is something to send: {@link Readings.take} it */
  constructor(dirty: () => void) {
    this.#dirty = dirty;
  }

  /** Whether a stream is being read. */
  has(streamId: string): boolean {
    return this.#byStream.has(streamId);
  }

  /** Whether nothing is read. */
  get empty(): boolean {
    return this.#byStream.size === 0;
  }

  // What the application wants.

  add(reading: Reading): void {
    this.#byStream.set(reading.streamId, reading);
  }

  /** Says that a reading is wanted, unless what was said before must be over first. */
  ask(reading: Reading | undefined, now: number): void {
    if (reading === undefined || this.#talks.has(reading.streamId)) return;
    this.#say(reading.streamId, { ch: undefined, said: reading.subscribe(), saidAt: now, leaving: false });
  }

  /** Reads a stream no more. */
  remove(reading: Reading, now: number): void {
    if (this.#byStream.get(reading.streamId) !== reading) return;
    this.#byStream.delete(reading.streamId);
    this.#depart(reading, now);
  }

  #depart(reading: Reading, now: number): void {
    const { streamId, ch, requests } = reading;
    // What it consumes from now on is no credit for the next one that reads the stream, on the same channel.
    reading.disconnected();
    if (ch !== undefined) return this.#leave(streamId, ch, now);
    const talk = this.#talks.get(streamId);
    if (talk === undefined) return;
    const unsent = this.#outbox.findIndex((frame) => frame === talk.said);
    if (unsent >= 0) this.#outbox.splice(unsent, 1);
    if (unsent >= 0 && requests === 1) this.#talks.delete(streamId);
    else talk.leaving = true;
  }

  #leave(streamId: string, ch: number, now: number): void {
    this.#byChannel.delete(ch);
    this.#say(streamId, { ch, said: { t: 'unsubscribe', ch }, saidAt: now, leaving: true });
  }

  /** Lets the server send more, when it is worth a frame. */
  credit(reading: Reading): void {
    if (!reading.due) return;
    const [ch, chunks, bytes] = reading.grant()!;
    this.send({ t: 'credit', ch, chunks, bytes });
  }

  /** Has a stream begin anew where it is: by leaving it, for its reading goes on once that is confirmed. */
  restart(reading: Reading, now: number): void {
    if (reading.ch !== undefined) this.#depart(reading, now);
  }

  /** Tells the server all that it may send; it answers with all that it has sent. */
  ping(now: number): void {
    const grants: [ch: number, chunks: number, bytes: number][] = [];
    for (const reading of [...this.#byChannel.values()]) {
      // The server counts chunks that nobody will ever consume: only a new beginning sets it right.
      if (reading.leaks) this.restart(reading, now);
      else grants.push(reading.grant()!);
    }
    do this.send({ t: 'ping', grants: grants.splice(0, maxEntries) });
    while (grants.length > 0);
  }

  // What the server says.

  obey(frame: ServerFrame, now: number): void {
    if (frame.t === 'data') this.#byChannel.get(frame.ch)?.data(frame.seq, frame.chunks);
    else if (frame.t === 'subscribed') this.#onSubscribed(frame, now);
    else if (frame.t === 'unsubscribed') this.#onUnsubscribed(frame.ch, now);
    else if (frame.t === 'gap') this.#byChannel.get(frame.ch)?.gap(frame.from, frame.to, frame.reason);
    else if (frame.t === 'end') this.#byChannel.get(frame.ch)?.end(frame.seq, frame.status, frame.reason);
    else if (frame.t === 'pong') for (const [ch, seq] of frame.sent) this.#byChannel.get(ch)?.mark(seq);
    else if (frame.t === 'error') this.#onError(frame, now);
  }

  #onSubscribed({ stream, from, life, ch, seq, chunks }: FrameOf<ServerFrame, 'subscribed'>, now: number): void {
    const reading = this.#byStream.get(stream);
    const talk = this.#talks.get(stream);
    // Nobody wants it any more, or not yet: somebody waits until it is left.
    if (reading === undefined || talk?.leaving === true) return this.#leave(stream, ch, now);
    if (talk?.said === undefined || !reading.subscribed(ch, seq, from, life)) return;
    this.#talks.set(stream, { ch, said: undefined, saidAt: now, leaving: false });
    this.#byChannel.set(ch, reading);
    // What was consumed since it was asked for.
    this.credit(reading);
    // What was sent behind an earlier answer is lost: a `pong` will tell how much.
    if (reading.requests > 1) this.ping(now);
    // Last: who gets it may leave.
    if (chunks !== undefined) reading.snapshot(seq, chunks[0]!);
  }

  #onUnsubscribed(ch: number, now: number): void {
    for (const [streamId, talk] of this.#talks) {
      if (talk.ch !== ch) continue;
      // A request to leave that came late has ended the next reading as well.
      this.#byChannel.delete(ch);
      this.#talks.delete(streamId);
      this.ask(this.#byStream.get(streamId), now);
    }
  }

  #onError(frame: FrameOf<ServerFrame, 'error'>, now: number): void {
    const { code, stream = '', ch, producer } = frame;
    if (producer !== undefined) return;
    const reading = this.#byChannel.get(ch!) ?? this.#byStream.get(stream);
    const talk = this.#talks.get(stream);
    const isFound = reading?.ch !== undefined;
    if (code === 'frame-unexpected') {
      // The server reads the stream already, from elsewhere: a request came late, or the one to leave it was lost.
      if (isFound) return;
      reading?.disconnected();
      if (ch !== undefined) this.#leave(stream, ch, now);
      else if (talk !== undefined) talk.leaving = true;
    } else if (talk?.leaving === true) {
      if (talk.ch !== undefined) return;
      this.#talks.delete(stream);
      this.ask(reading, now);
    } else if (reading !== undefined) {
      // The only request there was is answered: whoever wants the stream may ask for it at once.
      if (reading.requests === 1 && !isFound) this.#talks.delete(stream);
      this.#end(reading, refusalOf(frame), now);
    }
  }

  /** A chunk on this channel cannot be read. Answers false where nobody reads there. */
  spoiled(ch: number | undefined, error: StreamError, now: number): boolean {
    const reading = this.#byChannel.get(ch!);
    if (reading !== undefined) this.#end(reading, error, now);
    return reading !== undefined;
  }

  /** A reading cannot go on. */
  #end(reading: Reading, error: StreamError, now: number): void {
    this.remove(reading, now);
    reading.fail(error);
  }

  // What becomes of the link.

  /** There is a new link: everything is asked for. */
  resume(now: number): void {
    for (const reading of this.#byStream.values()) this.ask(reading, now);
  }

  /** The link is lost, and with it everything that was said over it, but for what ends a stream. */
  lost(): void {
    this.#talks.clear();
    this.#byChannel.clear();
    this.#outbox = this.#outbox.filter((frame) => frame.t === 'cancel');
    for (const reading of this.#byStream.values()) reading.disconnected();
  }

  /** Nothing is read any more. */
  fail(error: StreamError): void {
    this.lost();
    const readings = [...this.#byStream.values()];
    this.#byStream.clear();
    for (const reading of readings) reading.fail(error);
  }

  /** Says again what was not answered since `before`. */
  retry(before: number, now: number): void {
    for (const [streamId, talk] of this.#talks) {
      if (talk.said === undefined || talk.saidAt > before) continue;
      const said = talk.leaving ? talk.said : this.#byStream.get(streamId)!.subscribe();
      this.#say(streamId, { ...talk, said, saidAt: now });
    }
  }

  #say(streamId: string, talk: Talk): void {
    this.#talks.set(streamId, talk);
    this.send(talk.said!);
  }

  send(frame: RequestFrame): void {
    this.#outbox.push(frame);
    this.#dirty();
  }

  /** What is to be sent. */
  take(): RequestFrame[] {
    return this.#outbox.splice(0);
  }
}
