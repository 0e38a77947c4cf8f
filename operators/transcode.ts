import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkBound, kindOf, StreamError } from '../src/chunk/index.js';
import { type Codec, type CodecOptions, codecRules, type Coder } from '../src/format/codec.js';
import { callbackError, operate, Stage } from './operate.js';
import { Ring } from './ring.js';

/** Options of {@link transcode}. */
export interface TranscodeOptions extends CodecOptions {
  /**
   * Most inputs that wait because a consumer brought them about while it was given an output. One more fails the stream.
   * Default 1024.
   */
  readonly maxPending?: number;
}

/**
 * Turns a stream of one format into a stream of another: bytes into text, text into lines, server-sent events into values.
 * The codecs are in `sluice/format/…`; `createCodecs` finds the way from any to any. It works on data, not on chunks: put it
 * before `stamp`, or behind `unwrap`.
 *
 * - **Emits** what an input completes, at once: nothing, or several. What is left at the end comes before the completion. A
 *   consumer that has enough stops it in the middle of an input.
 * - **Errors** with `data-malformed` on data that are not in the format, or cut off (`onTruncated`); with `overflow` on a
 *   frame of more than `maxFrameBytes`, or beyond `maxPending`; with `callback-failed` when a codec of yours throws anything
 *   else; with the source, at once and without what is left.
 * - **Completes** with the source.
 * - **Holds** the codec's unfinished frame, `maxFrameBytes` at most.
 *
 * @example
 * // source                    -x---y----|      x: 'ab'  y: 'c\nd\ne'
 * // transcode(lines.decode)   -----(pq)-(r|)   p: 'abc'  q: 'd'  r: 'e'
 * bytes$.pipe(transcode(sse.decode), map(({ data }) => JSON.parse(data)));
 */
export function transcode<I, O>(codec: Codec<I, O>, options: TranscodeOptions = {}): OperatorFunction<I, O> {
  if (typeof (codec as Partial<typeof codec> | undefined)?.create !== 'function') {
    throw new TypeError(`codec must have a create method, got ${kindOf(codec)}`);
  }
  codecRules(options);
  const maxPending = checkBound('maxPending', options.maxPending ?? 1024);
  return operate((destination) => new Transcode(destination, codec, options, maxPending));
}

class Transcode<I, O> extends Stage<I, O> {
  private coder: Coder<I, O> | undefined;
  private readonly pending: Ring<I>;
  private busy = false;
  private completing = false;

  constructor(
    destination: Subscriber<O>,
    private readonly codec: Codec<I, O>,
    private readonly options: TranscodeOptions,
    maxPending: number,
  ) {
    super(destination);
    this.pending = new Ring(maxPending);
  }

  protected override _next(input: I): void {
    // Brought about by the consumer of an output that has others behind it: those come first.
    if (this.busy) return this.wait(input);
    this.busy = true;
    this.emit((coder) => coder.push(input));
    while (this.pending.length > 0) {
      const next = this.pending.shift() as I;
      this.emit((coder) => coder.push(next));
    }
    this.busy = false;
    if (this.completing) this._complete();
  }

  protected override _complete(): void {
    this.completing = true;
    if (this.busy) return;
    this.emit((coder) => coder.flush());
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.coder = undefined;
    this.pending.clear();
  }

  private emit(work: (coder: Coder<I, O>) => Iterable<O>): void {
    if (this.closed) return;
    try {
      this.coder ??= this.codec.create(this.options);
      for (const output of work(this.coder)) {
        this.destination.next(output);
        if (this.closed) return;
      }
    } catch (error) {
      this.fail(callbackError('transcode', error));
    }
  }

  private wait(input: I): void {
    if (!this.pending.full) return this.pending.push(input);
    const message = `transcode: more than maxPending = ${this.pending.capacity} inputs wait for their turn`;
    this.fail(new StreamError('overflow', message, { operator: 'transcode' }));
  }
}
