import { type Chunk, type JoinPosition, StreamError } from '../../chunk/index.js';
import type { ServerFrame } from '../../protocol/index.js';

/** What a tab may be sent, in totals since it asked. */
export interface Credit {
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * One tab's reading of one stream, as the tab that leads sees it: how far it has come, and how much it takes.
 *
 * @internal
 */
export class Seat {
  /** Number of the chunk it needs next, once that is known. */
  cursor: number | undefined;
  #sentChunks = 0;
  #sentBytes = 0;

  #credit: Credit;
  readonly #send: (frame: ServerFrame) => void;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    readonly from: JoinPosition,
    credit: Credit,
    send: (frame: ServerFrame) => void,
  ) {
    this.#credit = credit;
    this.#send = send;
  }

  /** It may be sent so much, in all. */
  grant(credit: Credit): void {
    this.#credit = credit;
  }

  /** Whether it takes a chunk. */
  get hungry(): boolean {
    return this.#sentChunks < this.#credit.chunks && this.#sentBytes < this.#credit.bytes;
  }

  /** It is told where it begins. */
  sit(at: number): void {
    this.cursor = at;
    this.#send({ t: 'subscribed', stream: this.streamId, from: this.from, ch: this.ch, seq: at });
  }

  /** It is given as many of these chunks as it takes: all that are there from its place on. */
  take(chunks: readonly Chunk[]): void {
    const taken: Chunk[] = [];
    for (const chunk of chunks) {
      if (!this.hungry) break;
      if (chunk.seq !== this.cursor) {
        this.#deliver(taken.splice(0));
        this.skip(chunk.seq);
      }
      taken.push(chunk);
      this.cursor = chunk.seq + 1;
      this.#sentChunks++;
      this.#sentBytes += chunk.size;
    }
    this.#deliver(taken);
  }

  /** It is told that what lies before a number is kept no more. */
  skip(to: number): void {
    this.#send({ t: 'gap', ch: this.ch, from: this.cursor!, to, reason: 'trimmed' });
    this.cursor = to;
  }

  #deliver(chunks: readonly Chunk[]): void {
    if (chunks.length === 0) return;
    this.#send({ t: 'data', ch: this.ch, seq: chunks[0]!.seq, chunks });
  }

  /** It has all there is: nothing comes any more. */
  end(): void {
    this.#send({ t: 'end', ch: this.ch, seq: this.cursor ?? 0, status: 'completed' });
  }

  fail(error: unknown): void {
    const { code, message } = error instanceof StreamError ? error : new StreamError('internal', String(error));
    this.#send({
      t: 'error',
      code,
      message,
      stream: this.streamId,
      ...(this.cursor === undefined ? {} : { ch: this.ch }),
    });
  }

  /** What was sent so far: everything below. */
  get mark(): [ch: number, seq: number] | undefined {
    return this.cursor === undefined ? undefined : [this.ch, this.cursor];
  }
}
