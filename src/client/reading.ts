import {
  type Chunk,
  type ChunkBody,
  chunkOf,
  endError,
  type EndStatus,
  type GapReason,
  type JoinPosition,
  type StreamError,
} from '../chunk/index.js';
import type { ClientFrame, FrameOf } from '../protocol/index.js';

/** What a reading tells its reader. */
export interface ReadingEvents {
  /**
   * The next chunk will be number `seq`. Called before any item, and again when the stream is asked for anew: all from `seq`
   * on comes once more, and what waited for a missing chunk is to be let go, for the server counts it anew as well.
   */
  started(seq: number): void;
  /** What the chunks below the first one come to. Called once at most, behind the first `started`. */
  snapshot(chunk: Chunk): void;
  /** Chunks as they came: perhaps out of order, perhaps twice. So are the three that follow. */
  chunks(chunks: readonly Chunk[]): void;
  /** Chunks `from` up to, not including, `to` will not come. */
  gap(from: number, to: number, reason: GapReason): void;
  /** There is no chunk `seq` or later. */
  end(seq: number, status: EndStatus, error: StreamError | undefined): void;
  /** Every chunk below `seq` has been sent. */
  mark(seq: number): void;
  /** The stream cannot be read. Nothing comes after it. */
  failed(error: StreamError): void;
}

/** How much a reader takes at most before it has consumed some. */
export interface Window {
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * A client's reading of one stream, over as many connections as it takes. Knows where to go on, and how much credit the
 * server may be given: never more than the window less what was received and not yet consumed.
 */
export class Reading {
  /** The server's number for it on this connection, once it is known. */
  ch: number | undefined;
  /** How often it was asked for on this connection. */
  requests = 0;
  /** Chunks were sent that will never come: they took credit, and nobody will consume them. */
  leaks = false;
  #from: JoinPosition;
  #started = false;
  /** The life of the stream that it reads. */
  #life: string | undefined;
  /** Everything below was sent by the server, for all that is known. */
  #sentTo = 0;
  /** Received in order and not consumed. */
  #heldChunks = 0;
  #heldBytes = 0;
  /** Totals granted on this connection: as they should be, and as they were last sent. */
  #chunks = 0;
  #bytes = 0;
  #sentChunks = 0;
  #sentBytes = 0;

  readonly #window: Window;
  readonly #events: ReadingEvents;

  constructor(
    readonly streamId: string,
    from: JoinPosition,
    window: Window,
    events: ReadingEvents,
  ) {
    this.#window = window;
    this.#events = events;
    this.#from = from;
  }

  /** Asks for the stream: on a new connection, or again on the same. */
  subscribe(): FrameOf<ClientFrame, 'subscribe'> {
    this.ch = undefined;
    this.leaks = false;
    this.requests++;
    // Below zero when a snapshot, or the last chunk, went beyond the window: that much must be consumed before any is free.
    this.#chunks = this.#window.chunks - this.#heldChunks;
    this.#bytes = this.#window.bytes - this.#heldBytes;
    const [chunks, bytes] = this.#totals();
    return { t: 'subscribe', stream: this.streamId, from: this.#from, life: this.#life, chunks, bytes };
  }

  /** Nothing is asked for, and nothing comes, until `subscribe`. */
  disconnected(): void {
    this.ch = undefined;
    this.requests = 0;
  }

  /** The server has found the stream. Answers false for an answer that cannot be meant: one to an earlier reading. */
  subscribed(ch: number, seq: number, from: JoinPosition = this.#from, life?: string): boolean {
    if (from !== this.#from || (typeof from === 'number' && seq < from)) return false;
    this.ch = ch;
    if (!this.#started) {
      this.#from = seq;
      this.#life = life;
    }
    this.#started = true;
    this.#sentTo = this.#from as number;
    this.#events.started(this.#sentTo);
    return true;
  }

  /**
   * The stream was joined with what the chunks below `seq` come to. It took no credit; yet it is held until it is consumed, as if
   * it had.
   */
  snapshot(seq: number, body: ChunkBody): void {
    this.#heldChunks++;
    this.#heldBytes += body.size;
    this.#chunks--;
    this.#bytes -= body.size;
    this.#events.snapshot(chunkOf(this.streamId, seq - 1, body));
  }

  data(seq: number, bodies: readonly ChunkBody[]): void {
    // Further ahead than was ever granted: meant for an earlier reading, or by mistake. Nothing must grow by it, also where
    // nobody consumes. One that is held does not count: it may be a snapshot, which takes no credit.
    const room = (this.#from as number) + this.#window.chunks + 1 - Math.max(1, this.#heldChunks) - seq;
    if (room <= 0) return;
    const taken = room < bodies.length ? bodies.slice(0, room) : bodies;
    this.#sentTo = Math.max(this.#sentTo, seq + taken.length);
    this.#events.chunks(taken.map((body, index) => chunkOf(this.streamId, seq + index, body)));
  }

  gap(from: number, to: number, reason: GapReason): void {
    if (from < this.#sentTo) this.leaks = true;
    this.#sentTo = Math.max(this.#sentTo, to);
    this.#events.gap(from, to, reason);
  }

  end(seq: number, status: EndStatus, reason: string | undefined): void {
    this.#events.end(seq, status, endError(this.streamId, status, reason));
  }

  /** The server has sent everything below `seq`. */
  mark(seq: number): void {
    this.#sentTo = Math.max(this.#sentTo, seq);
    this.#events.mark(seq);
  }

  fail(error: StreamError): void {
    this.#events.failed(error);
  }

  /** Everything below `next` was received in order: the place to go on from. The last chunk took this many bytes. */
  received(next: number, chunks: number, bytes: number): void {
    this.#from = next;
    this.#heldChunks += chunks;
    this.#heldBytes += bytes;
  }

  /** Chunks were consumed: the server may send as many more. */
  consumed(chunks: number, bytes: number): void {
    this.#heldChunks -= chunks;
    this.#heldBytes -= bytes;
    this.#chunks += chunks;
    this.#bytes += bytes;
  }

  /** Whether the server should be told what it may send: when half of a window is free. */
  get due(): boolean {
    const window = this.#window;
    if (this.ch === undefined) return false;
    return (
      (this.#chunks - this.#sentChunks) * 2 >= window.chunks || (this.#bytes - this.#sentBytes) * 2 >= window.bytes
    );
  }

  /** The totals to tell the server. Assumes that they are sent. */
  grant(): [ch: number, chunks: number, bytes: number] | undefined {
    return this.ch === undefined ? undefined : [this.ch, ...this.#totals()];
  }

  #totals(): [chunks: number, bytes: number] {
    this.#sentChunks = this.#chunks;
    this.#sentBytes = this.#bytes;
    return [Math.max(0, this.#chunks), Math.max(0, this.#bytes)];
  }
}
