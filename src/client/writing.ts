import { type EncodedChunk, StreamError } from '../chunk/index.js';
import type { Close } from '../log/log.js';
import { frameBytes, type PublishFrame } from '../protocol/index.js';
import type { Window } from './reading.js';

/** What a writing tells its writer. */
export interface WritingEvents {
  /** Everything below `seq` is kept; the stream's next chunk will be `next`; `closed`: and the stream has ended. */
  acked(seq: number, next: number, closed: boolean): void;
  /** Somebody cancelled the stream. */
  stopped(reason: string | undefined): void;
  /** Nothing more is kept. Nothing comes after it. */
  failed(error: StreamError): void;
}

/**
 * A client's writing to one stream, over as many connections as it takes: keeps every chunk until the server has it, and
 * sends from the first unacknowledged one again when the connection broke or the answer stays out. The producer's numbers
 * make that safe.
 */
export class Writing {
  /** When something was last sent that is not acknowledged; `undefined` when nothing is. */
  sentAt: number | undefined;
  /** Chunks `base` and following: unacknowledged ones first, then those not sent. */
  #chunks: EncodedChunk[] = [];
  #base: number;
  /** Number of the next chunk to send on this connection. */
  #next: number;
  #close: Close | undefined;
  /** An empty frame is wanted: for its answer, and for the stream it creates. */
  #empty = false;
  /** The frame behind the last chunk, which ends the stream or is empty, was sent on this connection. */
  #tailSent = false;
  /** Whether it went back for a missing frame, and nothing was acknowledged since. */
  #wentBack = false;
  /** Nothing is sent before this time: the server has asked for that. */
  #heldUntil = 0;
  /** Whether nothing was acknowledged since everything was last sent. */
  #unanswered = true;

  readonly #events: WritingEvents;

  constructor(
    readonly streamId: string,
    readonly producer: string,
    readonly epoch: number,
    seq: number,
    events: WritingEvents,
  ) {
    this.#events = events;
    this.#base = seq;
    this.#next = seq;
  }

  /** Chunks not acknowledged yet, sent or not. */
  get pending(): number {
    return this.#chunks.length;
  }

  /** The number the next chunk pushed will get. */
  get end(): number {
    return this.#base + this.#chunks.length;
  }

  /** Adds chunks, and perhaps the end, to what is to be sent. */
  push(chunks: readonly EncodedChunk[], close: Close | undefined): void {
    for (const chunk of chunks) this.#chunks.push(chunk);
    if (this.#chunks.length === 0) this.#empty = true;
    this.#close ??= close;
    this.#tailSent = false;
  }

  /** Whether anything waits to be sent. */
  get due(): boolean {
    return this.#next < this.end || (this.#hasTail && !this.#tailSent);
  }

  get #hasTail(): boolean {
    return this.#close !== undefined || this.#empty;
  }

  /** Begins again behind the last acknowledgement: on a new connection, or because an answer stayed out. */
  rewind(): void {
    this.#goBack();
    this.#wentBack = false;
    this.#unanswered = true;
  }

  /** Too much was sent: nothing more before a time, and then again from the last acknowledgement on. */
  hold(until: number): void {
    this.#heldUntil = until;
    this.#goBack();
  }

  /** Whether it was held until now. Told once. */
  released(now: number): boolean {
    if (this.#heldUntil === 0 || now < this.#heldUntil) return false;
    this.#heldUntil = 0;
    return true;
  }

  #goBack(): void {
    this.#next = this.#base;
    this.#tailSent = false;
    this.sentAt = undefined;
  }

  /** A frame came to the server, and the one before it has not. Answers false when there is nothing to be done about it. */
  missed(expected = this.#base): boolean {
    // It had more than that. If it has said so since everything was sent, this is an older word that comes late.
    if (expected < this.#base) return !this.#unanswered;
    // Every frame behind the missing one is refused, and going back once is enough.
    if (!this.#wentBack) this.#goBack();
    this.#wentBack = true;
    return true;
  }

  /** The next frame to send, within the window and `maxFrame`; `undefined` when there is none. */
  frame(window: Window, maxFrame: number, now: number): PublishFrame<EncodedChunk> | undefined {
    if (!this.due || now < this.#heldUntil) return undefined;
    const { streamId: stream, producer, epoch } = this;
    const seq = this.#next;
    const close = this.#close;
    const bare: PublishFrame<EncodedChunk> = { t: 'publish', stream, producer, epoch, seq, chunks: [] };
    const chunks = this.#take(window, maxFrame - frameBytes(bare));
    let last = seq + chunks.length === this.end;
    if (chunks.length === 0 && !last) return undefined;
    let frame: PublishFrame<EncodedChunk> = { ...bare, chunks };
    if (last && close !== undefined) {
      const closing = { ...frame, close };
      // A frame of its own for the end, where it does not fit with the chunks.
      last = chunks.length === 0 || frameBytes(closing) <= maxFrame;
      if (last) frame = closing;
    }
    this.#next += chunks.length;
    this.#tailSent = last;
    this.sentAt ??= now;
    return frame;
  }

  /** The error of a chunk that no message can hold, when it is the next to be kept. */
  tooLarge(maxFrame: number): StreamError | undefined {
    const [first] = this.#chunks;
    if (first === undefined || this.#next > this.#base || this.#heldUntil > 0) return undefined;
    const { streamId } = this;
    const seq = this.#base;
    const message = `chunk ${seq} for "${streamId}" takes ${first.length} bytes and a message at most ${maxFrame}`;
    return new StreamError('chunk-too-large', message, { streamId, seq });
  }

  #take(window: Window, room: number): EncodedChunk[] {
    const taken: EncodedChunk[] = [];
    let inFlight = 0;
    for (let i = 0; i < this.#next - this.#base; i++) inFlight += this.#chunks[i]!.size;
    for (let i = this.#next - this.#base; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!;
      room -= chunk.length + 1;
      // The first may go beyond the window's bytes: no chunk is too large for a window.
      if (room < 0 || i >= window.chunks || (i > 0 && inFlight + chunk.size > window.bytes)) break;
      inFlight += chunk.size;
      taken.push(chunk);
    }
    return taken;
  }

  /** The server keeps everything below `seq`, and has ended the stream there. Answers whether that is news. */
  acked(seq: number, next: number, ended: boolean, now: number): boolean {
    const kept = Math.min(seq, this.end) - this.#base;
    // An end in front of what is still to be kept was an earlier writing's, in the same epoch: the server will refuse the rest.
    const closed = ended && seq >= this.end;
    if (kept <= 0 && !closed && !this.#empty) return false;
    if (kept > 0) {
      this.#chunks.splice(0, kept);
      this.#base += kept;
      this.#next = Math.max(this.#next, this.#base);
    }
    if (closed) this.#close = undefined;
    this.#empty = false;
    this.#wentBack = false;
    this.#unanswered = false;
    this.sentAt = this.#chunks.length > 0 || this.#close !== undefined ? now : undefined;
    this.#events.acked(this.#base, next, closed);
    return true;
  }

  stopped(reason: string | undefined): void {
    this.#events.stopped(reason);
  }

  fail(error: StreamError): void {
    this.#chunks = [];
    this.#close = undefined;
    this.#empty = false;
    this.#events.failed(error);
  }
}
