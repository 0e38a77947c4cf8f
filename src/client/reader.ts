import type { Observer } from 'rxjs';
import { gapError } from '../../operators/gap-error.js';
import type { Chunk, EndStatus, GapReason, Range, StreamError } from '../chunk/index.js';
import type { ReadingEvents } from './reading.js';

/** What a reader needs of the connection beneath it. */
export interface ReaderPort {
  /** Everything below `next` was received in order; so many chunks and bytes of it came now. */
  received(next: number, chunks: number, bytes: number): void;
  /** Chunks did not come: asks for these again, or for the stream from the first one missing on. */
  request(ranges: readonly Range[]): void;
  /** The consumer has returned from a chunk, where that means that it is consumed. */
  readonly consumed?: ((chunk: Chunk) => void) | undefined;
}

/** How a reader reads. */
export interface ReaderSettings {
  readonly streamId: string;
  readonly onGap: 'error' | 'skip';
  readonly joined: ((seq: number) => void) | undefined;
}

/** Makes the reader of a stream. `output` gets the stream's chunks, in order, and how it ends. */
export type MakesReader = (port: ReaderPort, settings: ReaderSettings, output: Observer<Chunk>) => Reader;

/** @internal Whose reports these are. */
export const operator = 'receive';

const reasons: Record<GapReason, string> = {
  trimmed: 'no longer kept',
  dropped: 'dropped on the way',
  timeout: 'not here in time',
};

/**
 * A reader's way from what the connection hands up to what the consumer sees: what came twice dropped, what will not come told,
 * the end as the end. It counts on links that neither lose nor reorder, as browsers have them: where something is missing
 * all the same, it has the stream begin anew at that place. `RepairingReader` asks for that alone.
 */
export class Reader implements ReadingEvents {
  /** The number whose turn it is. */
  protected expected = 0;
  protected over = false;
  #end: { readonly seq: number; readonly error: StreamError | undefined } | undefined;

  constructor(
    protected readonly port: ReaderPort,
    protected readonly settings: ReaderSettings,
    protected readonly output: Observer<Chunk>,
  ) {}

  started(start: number): void {
    this.expected = start;
    this.#end = undefined;
    this.settings.joined?.(start);
  }

  snapshot(chunk: Chunk): void {
    this.output.next(chunk);
    this.port.consumed?.(chunk);
  }

  chunks(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      if (this.over) return;
      this.arrive(chunk);
    }
  }

  protected arrive(chunk: Chunk): void {
    const { seq } = chunk;
    if (seq > this.expected) return this.mark(seq);
    if (seq === this.expected) this.deliver(chunk);
    this.settle();
  }

  gap(from: number, to: number, reason: GapReason): void {
    this.mark(from);
    if (from <= this.expected && this.expected < to && !this.over) this.pass(to, reason);
    this.settle();
  }

  end(seq: number, _status: EndStatus, error: StreamError | undefined): void {
    this.#end ??= { seq, error };
    this.mark(seq);
    this.settle();
  }

  mark(seq: number): void {
    if (!this.over && seq > this.expected) this.port.request([{ from: this.expected, to: seq }]);
  }

  /** Ends the stream where its end has come. */
  protected settle(): void {
    const end = this.#end;
    if (this.over || end === undefined || end.seq > this.expected) return;
    if (end.error !== undefined) return this.failed(end.error);
    this.stop();
    this.output.complete();
  }

  failed(error: StreamError): void {
    // What waits for a missing chunk will not get it any more.
    this.stop();
    this.output.error(error);
  }

  stop(): void {
    this.over = true;
  }

  protected deliver(chunk: Chunk): void {
    this.expected++;
    this.port.received(this.expected, 1, chunk.size);
    this.output.next(chunk);
    this.port.consumed?.(chunk);
  }

  /** Goes on at `to`: what is before it will not come. */
  protected pass(to: number, reason: GapReason): void {
    const { onGap, streamId } = this.settings;
    const range = { from: this.expected, to };
    this.expected = to;
    this.port.received(to, 0, 0);
    if (onGap === 'skip' || this.over) return;
    this.failed(gapError(operator, streamId, range, `will not come: ${reasons[reason]}`));
  }
}
