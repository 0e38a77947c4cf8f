import {
  type Chunk,
  type ChunkBody,
  chunkOf,
  End,
  endError,
  type EndStatus,
  Gap,
  type GapReason,
  Mark,
  type Notice,
  type Position,
  StreamError,
} from '../chunk/index.js';
import type { ClientFrame, FrameOf } from '../protocol/index.js';

/** What a reading tells its reader. */
export interface ReadingEvents {
  /** The first chunk will be number `seq`. Called once, before any item. */
  started(seq: number): void;
  /** Chunks and notices as they came: perhaps out of order, perhaps twice. */
  items(items: readonly (Chunk | Notice)[]): void;
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
  /** When it was asked for on this connection; `undefined` when it is not being waited for. */
  askedAt: number | undefined;
  private from: Position;
  private started = false;
  /** Received in order and not consumed. */
  private heldChunks = 0;
  private heldBytes = 0;
  /** Totals granted on this connection: as they should be, and as they were last sent. */
  private chunks = 0;
  private bytes = 0;
  private sentChunks = 0;
  private sentBytes = 0;

  constructor(
    readonly streamId: string,
    from: Position,
    private readonly window: Window,
    private readonly events: ReadingEvents,
  ) {
    this.from = from;
  }

  /** Asks for the stream on a new connection, or again on the same. */
  subscribe(now: number): FrameOf<ClientFrame, 'subscribe'> {
    this.askedAt = now;
    this.ch = undefined;
    this.chunks = Math.max(0, this.window.chunks - this.heldChunks);
    this.bytes = Math.max(0, this.window.bytes - this.heldBytes);
    this.granted();
    return { t: 'subscribe', stream: this.streamId, from: this.from, chunks: this.chunks, bytes: this.bytes };
  }

  /** The server has found the stream. */
  subscribed(ch: number, seq: number): void {
    this.ch = ch;
    this.askedAt = undefined;
    if (this.started) return;
    this.started = true;
    this.from = seq;
    this.events.started(seq);
  }

  data(seq: number, bodies: readonly ChunkBody[]): void {
    this.events.items(bodies.map((body, index) => chunkOf(this.streamId, seq + index, body)));
  }

  gap(from: number, to: number, reason: GapReason): void {
    this.events.items([new Gap(this.streamId, from, to, reason)]);
  }

  end(seq: number, status: EndStatus, reason: string | undefined): void {
    this.events.items([new End(this.streamId, seq, status, endError(this.streamId, status, reason))]);
  }

  /** The server has sent everything below `seq`. */
  mark(seq: number): void {
    this.events.items([new Mark(this.streamId, seq)]);
  }

  fail(error: StreamError): void {
    this.events.failed(error);
  }

  /** Everything below `next` was received in order: the place to go on from. The last chunk took this many bytes. */
  received(next: number, chunks: number, bytes: number): void {
    this.from = next;
    this.heldChunks += chunks;
    this.heldBytes += bytes;
  }

  /** Chunks were consumed. Answers whether the server should be told: when half of a window is free. */
  consumed(chunks: number, bytes: number): boolean {
    this.heldChunks -= chunks;
    this.heldBytes -= bytes;
    this.chunks += chunks;
    this.bytes += bytes;
    if (this.ch === undefined) return false;
    const { window } = this;
    return (this.chunks - this.sentChunks) * 2 >= window.chunks || (this.bytes - this.sentBytes) * 2 >= window.bytes;
  }

  /** The totals to tell the server. Assumes that they are sent. */
  grant(): [ch: number, chunks: number, bytes: number] | undefined {
    if (this.ch === undefined) return undefined;
    this.granted();
    return [this.ch, this.chunks, this.bytes];
  }

  private granted(): void {
    this.sentChunks = this.chunks;
    this.sentBytes = this.bytes;
  }
}
