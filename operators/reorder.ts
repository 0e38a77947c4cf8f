import type { OperatorFunction, Subscriber } from 'rxjs';
import {
  checkBound,
  type Chunk,
  type End,
  Gap,
  isNotice,
  isSeq,
  kindOf,
  Mark,
  type Notice,
  StreamError,
} from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { gapError } from './gap-error.js';
import { GapList } from './gap-list.js';
import { type MaybeNotice, NumberedStage, streamOf } from './numbered.js';
import { callbackError, operate, tell } from './operate.js';
import { Ring } from './ring.js';
import { SequenceWindow } from './sequence-window.js';

/** Options of {@link reorder}. */
export interface ReorderOptions<T> {
  /** Number of the stream's first chunk; `first`: that of the first to arrive. Default 0. */
  readonly start?: number | 'first';
  /** How far ahead of the next number an item may be to be held. Default 256. */
  readonly window?: number;
  /** How many bytes may be held. Default 16 MiB. */
  readonly maxBytes?: number;
  /**
   * What happens to an item beyond `window` or `maxBytes`: `error` ends the stream, `drop` lets the item go, `skip` gives
   * up what is missing, oldest first, until the item fits. Default `error`.
   */
  readonly onOverflow?: 'error' | 'skip' | 'drop';
  /**
   * What happens when the source completes and items still wait for others: `flush` emits them with a `Gap` for what is
   * missing, `error` fails, `discard` lets them go. Default `flush`.
   */
  readonly onComplete?: 'flush' | 'error' | 'discard';
  /** The number of an item. Default: `item.seq`. */
  readonly seq?: (item: Exclude<T, Notice>) => number;
  /** The bytes of an item, called for those that must wait. Default: `item.size`, or 0 where there is none. */
  readonly size?: (item: Exclude<T, Notice>) => number;
  /** Hears `duplicate`, `late`, `dropped`, and `gap` for what was given up here. */
  readonly probe?: Probe;
}

/**
 * Puts items in the order of their numbers. One that is early waits until all before it have come, or a `Gap` has said that
 * they will not; by itself it waits for ever: {@link gapTimeout} before it sets the limit.
 *
 * - **Emits** in order: an item whose turn it is at once, and what waited for it behind it. A `Gap` comes at its place,
 *   narrowed to what is truly missing; an `End` behind all chunks before it; a `Mark` not at all. What came before, or after its
 *   place was given up, is dropped.
 * - **Errors** with `overflow` when more would be held than `window` or `maxBytes` allow, and nothing may be skipped or dropped;
 *   with `gap` on completion with `onComplete: 'error'`; with `callback-failed` when `seq` or `size` throws; with `chunk-invalid`
 *   when `seq` gives no chunk number; with the source.
 * - **Completes** with the source, after what `onComplete` says.
 * - **Holds** at most `window` items of `maxBytes` together, and `window` announced gaps.
 *
 * @example
 * // source     -b-a---c|
 * // reorder()  ---(ab)c|
 * from(pages).pipe(reorder({ seq: (page) => page.number, start: 1 }));
 */
export function reorder<T>(
  options: ReorderOptions<T> & Required<Pick<ReorderOptions<T>, 'seq'>>,
): OperatorFunction<T, Exclude<T, Mark> | Gap>;
export function reorder<T extends Pick<Chunk, 'seq'> | Notice>(
  options?: ReorderOptions<T>,
): OperatorFunction<T, Exclude<T, Mark> | Gap>;
export function reorder<T>(options: ReorderOptions<T> = {}): OperatorFunction<T, Exclude<T, Mark> | Gap> {
  const rules = rulesOf(options);
  return operate((destination) => new Reorder<T>(destination, rules));
}

type Rules<T> = ReturnType<typeof rulesOf<T>>;

function rulesOf<T>(options: ReorderOptions<T>) {
  const { start = 0, window = 256, maxBytes = 2 ** 24, onOverflow = 'error', onComplete = 'flush' } = options;
  if (!['error', 'skip', 'drop'].includes(onOverflow)) {
    throw new TypeError('onOverflow must be "error", "skip" or "drop"');
  }
  if (!['flush', 'error', 'discard'].includes(onComplete)) {
    throw new TypeError('onComplete must be "flush", "error" or "discard"');
  }
  return {
    start: start === 'first' ? -1 : checkBound('start', start, { min: 0 }),
    window: checkBound('window', window, { max: 2 ** 20 }),
    maxBytes: checkBound('maxBytes', maxBytes, { infinite: true }),
    onOverflow,
    onComplete,
    seq: options.seq,
    size: options.size,
    probe: options.probe,
  };
}

/** How many gaps are remembered, to tell a late item from a duplicate. */
const gapsRemembered = 64;

class Reorder<T> extends NumberedStage<T, Exclude<T, Mark> | Gap> {
  /** The number whose turn it is; -1 until the first item says where to start. */
  private expected: number;
  /** Whether a gap or the end waits for its turn. */
  private noticed = false;
  /** Whether the consumer is being called. What it feeds back in must wait until it returns. */
  private emitting = false;
  /** Everything below exists, as far as anything told. */
  private known: number;
  private streamId = '';
  private end: End | undefined = undefined;
  private ended = false;
  private readonly window: SequenceWindow<T>;
  private readonly announced = new GapList();
  private readonly passed = new Ring<Gap>(gapsRemembered);

  constructor(
    destination: Subscriber<Exclude<T, Mark> | Gap>,
    private readonly rules: Rules<T>,
  ) {
    super(destination, 'reorder', rules.seq);
    this.expected = this.known = rules.start;
    this.window = new SequenceWindow(rules.window);
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.heed(item);
    const seq = this.seqOf(item);
    if (seq !== this.expected || this.emitting || seq < 0) return this.arrive(item, seq);
    this.expected = seq + 1;
    this.emitting = true;
    try {
      this.destination.next(item as Exclude<T, Mark>);
    } finally {
      this.emitting = false;
    }
    if (this.noticed || this.window.has(this.expected)) this.drain();
  }

  protected override _complete(): void {
    this.drain();
    if (this.closed) return;
    const { onComplete } = this.rules;
    if (onComplete === 'error' && this.expected < this.known) {
      const missing = { from: this.expected, to: this.missingTo };
      return this.fail(gapError('reorder', this.streamId, missing, 'did not come before the source completed'));
    }
    if (onComplete === 'discard') this.discard();
    else while (!this.closed && this.expected < this.known) this.giveUp(this.missingTo);
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.window.clear();
    this.announced.clear();
    this.passed.clear();
    this.end = undefined;
    this.noticed = false;
  }

  /** An item that is not simply the next one. */
  private arrive(item: T, seq: number): void {
    if (!this.accepts(seq)) return;
    if (this.expected < 0) this.expected = seq;
    if (this.wasHere(seq)) return this.refuse(seq);
    this.streamId = streamOf(item);
    if (seq >= this.known) this.known = seq + 1;
    const bytes = this.bytesOf(item);
    if (this.closed) return;
    if (!this.fits(seq, bytes) && !this.findRoom(item, seq, bytes)) return;
    this.window.put(seq, item, bytes);
    if (!this.emitting && seq === this.expected) this.drain();
  }

  private heed(notice: Notice): void {
    const isGap = notice instanceof Gap;
    this.streamId = notice.streamId;
    if (this.expected < 0) this.expected = isGap ? notice.from : notice.seq;
    this.known = Math.max(this.known, isGap ? notice.to : notice.seq);
    if (isGap) return this.announce(notice);
    if (notice instanceof Mark || this.ended) return;
    this.end ??= notice;
    this.noticed = true;
    if (!this.emitting) this.drain();
  }

  private announce(gap: Gap): void {
    this.announced.add(gap);
    this.noticed = true;
    const { window } = this.rules;
    if (!this.emitting || this.announced.length > window) this.drain();
    if (this.announced.length > window) this.overflow(`${window} announced gaps`);
  }

  /** Emits everything whose turn has come. Within a call of the consumer it is called only when room runs out. */
  private drain(): void {
    const { emitting } = this;
    this.emitting = true;
    try {
      while (!this.closed && this.step());
    } finally {
      this.emitting = emitting;
    }
    this.noticed = this.announced.length > 0 || this.end !== undefined;
  }

  /** Emits what stands at its place; false when nothing does. */
  private step(): boolean {
    if (this.window.has(this.expected)) {
      this.destination.next(this.window.take(this.expected++) as Exclude<T, Mark>);
      return true;
    }
    if (this.announced.length > 0) this.announced.trim(this.expected);
    if (this.announced.first?.from === this.expected) {
      this.pass(this.announced.take(this.window.first(this.expected))!);
      return true;
    }
    return this.passEnd();
  }

  private pass(gap: Gap): void {
    this.expected = gap.to;
    if (this.passed.full) this.passed.shift();
    this.passed.push(gap);
    this.destination.next(gap);
  }

  private passEnd(): boolean {
    const { end } = this;
    if (end === undefined || end.seq > this.expected) return false;
    this.end = undefined;
    this.ended = true;
    this.destination.next(end as Exclude<T, Mark>);
    return true;
  }

  /** Makes room until an early item fits; false when it shall not be held any more. */
  private findRoom(item: T, seq: number, bytes: number): boolean {
    // Room is made by calling the consumer, and who knows what it feeds in: perhaps this very item.
    do if (!this.makeRoom(item, seq)) return false;
    while (!this.closed && !this.wasHere(seq) && !this.fits(seq, bytes));
    if (this.closed) return false;
    if (!this.wasHere(seq)) return true;
    this.refuse(seq);
    return false;
  }

  private fits(seq: number, bytes: number): boolean {
    if (seq <= this.expected) return true;
    return seq - this.expected < this.rules.window && this.window.bytes + bytes <= this.rules.maxBytes;
  }

  /** Makes some room for an early item; false when it cannot have any. */
  private makeRoom(item: T, seq: number): boolean {
    const { expected } = this;
    this.drain();
    if (this.expected !== expected) return true;
    const { onOverflow, window, probe } = this.rules;
    const tooFar = seq - expected >= window;
    if (onOverflow === 'skip') {
      this.giveUp(Math.min(this.missingTo, tooFar ? seq - window + 1 : seq));
      return true;
    }
    if (onOverflow === 'error') this.overflow(tooFar ? `a window of ${window}` : `${this.rules.maxBytes} bytes`);
    else {
      tell(probe, { type: 'dropped', value: item, operator: 'reorder' });
      // It passed whoever watches for missing numbers: without a gap at its place all behind it would wait for ever.
      this.announce(new Gap(this.streamId, seq, seq + 1, 'dropped'));
    }
    return false;
  }

  /** End of the run of missing numbers that begins at `expected`, if anything waits behind it. */
  private get missingTo(): number {
    return Math.min(this.window.first(this.expected), this.announced.first?.from ?? Infinity, this.known);
  }

  private giveUp(to: number): void {
    const { expected, streamId } = this;
    tell(this.rules.probe, { type: 'gap', from: expected, to, reason: 'dropped', operator: 'reorder' });
    this.announced.add(new Gap(streamId, expected, to, 'dropped'));
    this.drain();
  }

  private overflow(amount: string): void {
    const { expected, streamId } = this;
    const message = `reorder: more than ${amount} would wait for chunk ${expected}`;
    const details = streamId === '' ? {} : { streamId };
    this.fail(new StreamError('overflow', message, { operator: 'reorder', seq: expected, ...details }));
  }

  private discard(): void {
    for (let seq = this.window.first(this.expected); seq < Infinity; seq = this.window.first(seq)) {
      tell(this.rules.probe, { type: 'dropped', value: this.window.take(seq), operator: 'reorder' });
    }
  }

  /** Whether an item's turn is over, or an equal one waits. */
  private wasHere(seq: number): boolean {
    return seq < this.expected || (seq - this.expected < this.rules.window && this.window.has(seq));
  }

  private refuse(seq: number): void {
    tell(this.rules.probe, { type: this.wasGivenUp(seq) ? 'late' : 'duplicate', seq, operator: 'reorder' });
  }

  private wasGivenUp(seq: number): boolean {
    for (let i = 0; i < this.passed.length; i++) {
      const { from, to } = this.passed.at(i)!;
      if (from <= seq && seq < to) return true;
    }
    return false;
  }

  /** The bytes an item counts for; 0 when the user's function went wrong and the stage has failed. */
  private bytesOf(item: T): number {
    const { size } = this.rules;
    if (size === undefined) return naturalSize(item);
    try {
      const bytes: unknown = size(item as Exclude<T, Notice>);
      if (isSeq(bytes)) return bytes;
      const message = `reorder: size must be a whole number of at least 0, got ${kindOf(bytes)}`;
      throw new StreamError('chunk-invalid', message, { operator: 'reorder', field: 'size' });
    } catch (error) {
      this.fail(callbackError('reorder', error));
      return 0;
    }
  }
}

function naturalSize(item: unknown): number {
  const { size } = item as { size?: unknown };
  return isSeq(size) ? size : 0;
}
