import { StreamError } from '../chunk/index.js';
import { frameBytes, type FrameOf, type ServerFrame } from '../protocol/index.js';
import type { Packer } from './packer.js';
import type { Writing } from './writing.js';

type Welcome = FrameOf<ServerFrame, 'welcome'>;

/**
 * What is being written over one connection: one writing for each stream and producer. The half of a connection that those who
 * only read do without.
 */
export class Writings {
  readonly #byKey = new Map<string, Writing>();

  /** Whether nothing is written. */
  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Takes a writing up; the earlier life of the same producer is over by that. Answers whether it may write. */
  begin(writing: Writing): boolean {
    const key = keyOf(writing.streamId, writing.producer);
    const other = this.#byKey.get(key);
    const late = other !== undefined && other.epoch > writing.epoch;
    if (late) writing.fail(fenced(writing, other));
    else this.#byKey.set(key, writing);
    if (!late) other?.fail(fenced(other, writing));
    return !late;
  }

  end(writing: Writing): void {
    const key = keyOf(writing.streamId, writing.producer);
    // The producer's next life may write already.
    if (this.#byKey.get(key) === writing) this.#byKey.delete(key);
  }

  /** There is a new connection: all is sent again that was not acknowledged. */
  rewind(): void {
    for (const writing of this.#byKey.values()) writing.rewind();
  }

  /** Answers whether that is news to anybody, and whether there is more to send. */
  acked(frame: FrameOf<ServerFrame, 'ack'>, now: number): { readonly known: boolean; readonly more: boolean } {
    const writing = this.#byKey.get(keyOf(frame.stream, frame.producer));
    if (writing === undefined || writing.epoch !== frame.epoch) return { known: false, more: false };
    return { known: true, more: writing.acked(frame.seq, frame.next, frame.closed === true, now) };
  }

  /** Somebody cancelled a stream. */
  stopped(streamId: string, reason: string | undefined): void {
    for (const writing of this.#byKey.values()) if (writing.streamId === streamId) writing.stopped(reason);
  }

  /** A frame was refused. Answers whether there is something to send again. */
  refused(frame: FrameOf<ServerFrame, 'error'>, error: StreamError, retryAt: number): boolean {
    const key = keyOf(frame.stream ?? '', frame.producer!);
    const writing = this.#byKey.get(key);
    // It may be another life of the producer that was refused.
    if (writing === undefined || (frame.epoch ?? writing.epoch) !== writing.epoch) return false;
    // The server is behind with keeping: the retry comes with the next tick.
    if (error.code === 'overflow') return false;
    if (error.code === 'rate-limited') {
      writing.hold(retryAt);
      return false;
    }
    if (error.code === 'sequence-gap' && writing.missed(error.details.expected)) return true;
    this.#byKey.delete(key);
    writing.fail(error);
    return false;
  }

  /** Goes back where nothing was answered since `before`. Answers whether there is something to send. */
  retry(before: number, now: number): boolean {
    let more = false;
    for (const writing of this.#byKey.values()) {
      if (writing.released(now)) more = true;
      if (writing.sentAt === undefined || writing.sentAt > before) continue;
      writing.rewind();
      more = true;
    }
    return more;
  }

  /** Adds what is ready to a message. */
  flush(message: Packer, { window, maxFrame }: Welcome, now: number): void {
    for (const [key, writing] of this.#byKey) {
      for (let frame = writing.frame(window, maxFrame, now); frame !== undefined;) {
        message.add(frame, frameBytes(frame));
        frame = writing.frame(window, maxFrame, now);
      }
      const tooLarge = writing.tooLarge(maxFrame);
      if (tooLarge === undefined) continue;
      this.#byKey.delete(key);
      writing.fail(tooLarge);
    }
  }

  /** Nothing is written any more. */
  fail(error: StreamError): void {
    const writings = [...this.#byKey.values()];
    this.#byKey.clear();
    for (const writing of writings) writing.fail(error);
  }
}

/** What becomes of a writing when another life of its producer writes. */
function fenced({ streamId, producer, epoch }: Writing, { epoch: expected }: Writing): StreamError {
  const message = `stream "${streamId}": epoch ${epoch} of "${producer}" is over, ${expected} is in force`;
  return new StreamError('producer-fenced', message, { streamId, expected });
}

/** A stream name cannot hold a line feed, so the two never run together. */
function keyOf(streamId: string, producer: string): string {
  return `${streamId}\n${producer}`;
}
