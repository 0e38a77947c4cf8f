import type { Range, StreamError } from '../chunk/index.js';
import type { ServerFrame } from '../protocol/index.js';
import { Connection, type Welcome } from './connection.js';
import type { Packer } from './packer.js';
import type { Reading } from './reading.js';
import { maxEntries } from './readings.js';
import { refusalOf } from './refusal.js';
import type { Writing } from './writing.js';
import { Writings } from './writings.js';

/** Most holes that are asked for at a time. */
const maxRanges = 64;

/** A connection that writes as well, and asks for single chunks again: the half that those who only read do without. */
export class WritingConnection extends Connection {
  readonly #writings = new Writings();

  override get unused(): boolean {
    return super.unused && this.#writings.empty;
  }

  /** Chunks were sent and did not come: asks for these again. */
  override missing({ ch }: Reading, ranges: readonly Range[]): void {
    if (ch === undefined) return;
    const pairs = ranges.slice(0, maxRanges).map(({ from, to }): [number, number] => [from, to]);
    for (let i = 0; i < pairs.length; i += maxEntries) {
      this.readings.send({ t: 'nack', ch, ranges: pairs.slice(i, i + maxEntries) });
    }
  }

  /** Writes to a stream: call {@link WritingConnection.wrote} whenever something was pushed. */
  write(writing: Writing, now: number): void {
    if (this.failure !== undefined) return writing.fail(this.failure);
    if (this.#writings.begin(writing)) this.start(now);
  }

  /** Something was pushed to a writing. */
  wrote(): void {
    this.mark();
  }

  /** Writes no more; what is not acknowledged may be lost. */
  unwrite(writing: Writing): void {
    this.#writings.end(writing);
  }

  protected override obey(frame: ServerFrame, now: number): void {
    if (frame.t === 'ack') {
      const { known, more } = this.#writings.acked(frame, now);
      if (known) this.isServed();
      if (more) this.mark();
    } else if (frame.t === 'stop') {
      this.#writings.stopped(frame.stream, frame.reason);
    } else if (frame.t === 'error' && frame.producer !== undefined) {
      const retryAt = now + (frame.retryAfterMs ?? this.limits.retryMs);
      if (this.#writings.refused(frame, refusalOf(frame), retryAt)) this.mark();
    } else {
      super.obey(frame, now);
    }
  }

  protected override resume(now: number): void {
    super.resume(now);
    this.#writings.rewind();
  }

  protected override retry(before: number, now: number): void {
    super.retry(before, now);
    if (this.#writings.retry(before, now)) this.mark();
  }

  protected override pack(message: Packer, welcome: Welcome, now: number): void {
    this.#writings.flush(message, welcome, now);
  }

  protected override giveUp(error: StreamError): void {
    super.giveUp(error);
    this.#writings.fail(error);
  }
}
