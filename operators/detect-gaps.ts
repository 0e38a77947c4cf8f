import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkBound, type Chunk, Gap, isNotice, type Notice, type Range } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { Holes } from './holes.js';
import { type MaybeNotice, NumberedStage, streamOf } from './numbered.js';
import { operate, tell } from './operate.js';
import { Ring } from './ring.js';

/** Options of {@link detectGaps}. */
export interface DetectGapsOptions<T> {
  /** Number of the stream's first chunk; `first`: that of the first to arrive. Default 0. */
  readonly start?: number | 'first';
  /** How many ranges of missing numbers are watched; with one more the oldest hole is closed as lost. Default 1024. */
  readonly maxRanges?: number;
  /** The number of an item. Default: `item.seq`. */
  readonly seq?: (item: Exclude<T, Notice>) => number;
  /** Hears `hole` and `repaired`. */
  readonly probe?: Probe;
}

/** Chunks `from` up to, not including, `to` have not come, though a later one has. They still may. */
export class HoleOpened {
  readonly kind = 'hole-opened';

  constructor(
    readonly streamId: string,
    readonly from: number,
    readonly to: number,
  ) {}
}

/** Nothing is missing any more of what a {@link HoleOpened} with the same numbers told of. */
export class HoleClosed {
  readonly kind = 'hole-closed';

  constructor(
    readonly streamId: string,
    readonly from: number,
    readonly to: number,
    /** How many of them did not come: a `Gap` gave them up, or the stream ended. 0: the hole was filled. */
    readonly lost: number,
  ) {}
}

/**
 * Shows where chunks are missing, the moment it is known, for a consumer that draws holes. It asks for nothing, gives nothing
 * up and has no clock: that is for {@link repair} and {@link gapTimeout}. What it announces may still come, and so is no
 * `Gap`; the operators of a reader's chain do not know it. Put this on a branch of its own, before the chunks are put in order.
 *
 * A number is missing once a higher one was seen, or an `End` or `Mark` has said that it exists, and until its chunk or a
 * `Gap` over it comes by.
 *
 * - **Emits** every item at once; before the item that revealed a hole a `HoleOpened`, and behind the one that brought the last
 *   of it, or before completion, a `HoleClosed`: one for each, in the order in which they close.
 * - **Errors** with `callback-failed` when `seq` throws; with `chunk-invalid` when `seq` gives no chunk number; with the
 *   source.
 * - **Completes** with the source.
 * - **Holds** no item; `maxRanges` ranges of numbers.
 *
 * @example
 * // source        a-c---b---d-|
 * // detectGaps()  a-(Oc)(bC)d-|     O: b is missing  C: it has come
 * arrivals$.pipe(detectGaps()).subscribe((item) => (item instanceof HoleOpened ? showHole(item) : show(item)));
 */
export function detectGaps<T>(
  options: DetectGapsOptions<T> & Required<Pick<DetectGapsOptions<T>, 'seq'>>,
): OperatorFunction<T, T | HoleOpened | HoleClosed>;
export function detectGaps<T extends Pick<Chunk, 'seq'> | Notice>(
  options?: DetectGapsOptions<T>,
): OperatorFunction<T, T | HoleOpened | HoleClosed>;
export function detectGaps<T>(options: DetectGapsOptions<T> = {}): OperatorFunction<T, T | HoleOpened | HoleClosed> {
  const { start = 0, maxRanges = 1024 } = options;
  const rules = {
    start: start === 'first' ? -1 : checkBound('start', start, { min: 0 }),
    maxRanges: checkBound('maxRanges', maxRanges),
    seq: options.seq,
    probe: options.probe,
  };
  return operate((destination) => new DetectGaps<T>(destination, rules));
}

interface Rules<T> {
  readonly start: number;
  readonly maxRanges: number;
  readonly seq: ((item: Exclude<T, Notice>) => number) | undefined;
  readonly probe: Probe | undefined;
}

/** A hole that was announced, and what became of its numbers so far. */
interface Watched extends Range {
  readonly streamId: string;
  missing: number;
  lost: number;
}

class DetectGaps<T> extends NumberedStage<T, T | HoleOpened | HoleClosed> {
  /** Lowest number that is not known to exist; -1 until the first item says where to start. */
  private frontier: number;
  /** The holes announced, lowest first. */
  private watched: Watched[] = [];
  /** What is still missing of them. */
  private readonly missing = new Holes();
  /** What is to be emitted within this call: what the consumer feeds in meanwhile comes behind it. */
  private readonly outbox = new Ring<T | HoleOpened | HoleClosed>(Infinity);

  constructor(
    destination: Subscriber<T | HoleOpened | HoleClosed>,
    private readonly rules: Rules<T>,
  ) {
    super(destination, 'detectGaps', rules.seq);
    this.frontier = rules.start;
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.heed(item, item);
    const seq = this.seqOf(item);
    if (seq === this.frontier && seq >= 0 && this.outbox.length === 0) {
      this.frontier = seq + 1;
      return this.destination.next(item);
    }
    if (!this.accepts(seq)) return;
    if (seq < this.frontier) this.fill(item, seq);
    else {
      this.reveal(streamOf(item), seq, seq + 1);
      this.outbox.push(item);
    }
    this.flush();
  }

  protected override _complete(): void {
    for (const hole of this.watched) hole.lost += hole.missing;
    this.close(() => true);
    this.flush();
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.watched = [];
    this.missing.clear();
    this.outbox.clear();
  }

  private heed(notice: Notice, item: T): void {
    const isGap = notice instanceof Gap;
    if (isGap) this.reveal(notice.streamId, notice.from, notice.to);
    else this.reveal(notice.streamId, notice.seq, notice.seq);
    if (isGap) this.giveUp(notice);
    this.outbox.push(item);
    this.close(({ missing }) => missing === 0);
    this.flush();
  }

  /** Everything below `seq` exists: what was not seen of it is missing. What comes next is `next`, or higher. */
  private reveal(streamId: string, seq: number, next: number): void {
    const { frontier: from } = this;
    this.frontier = Math.max(from, next);
    if (from < 0 || seq <= from) return;
    this.watched.push({ streamId, from, to: seq, missing: seq - from, lost: 0 });
    this.missing.open({ from, to: seq }, 0);
    tell(this.rules.probe, { type: 'hole', from, to: seq, operator: 'detectGaps' });
    this.outbox.push(new HoleOpened(streamId, from, seq));
    this.bound();
  }

  private fill(item: T, seq: number): void {
    this.outbox.push(item);
    if (this.missing.close({ from: seq, to: seq + 1 }) === 0) return;
    const hole = this.watched.find(({ to }) => to > seq)!;
    hole.missing--;
    tell(this.rules.probe, { type: 'repaired', seq, operator: 'detectGaps' });
    if (hole.missing === 0) this.close((each) => each === hole);
    // A number in the middle of a range makes two of it.
    this.bound();
  }

  private giveUp(gap: Gap): void {
    for (const hole of this.watched) {
      const range = { from: Math.max(gap.from, hole.from), to: Math.min(gap.to, hole.to) };
      const lost = range.from < range.to ? this.missing.close(range) : 0;
      hole.missing -= lost;
      hole.lost += lost;
    }
  }

  /** Keeps to the bound: the oldest holes are no longer watched. */
  private bound(): void {
    while (this.missing.length > this.rules.maxRanges) {
      const [oldest] = this.watched;
      oldest!.lost += this.missing.close(oldest!);
      this.close((hole) => hole === oldest);
    }
  }

  /** Takes holes off the watch, and says so. */
  private close(done: (hole: Watched) => boolean): void {
    for (const hole of this.watched) {
      if (done(hole)) this.outbox.push(new HoleClosed(hole.streamId, hole.from, hole.to, hole.lost));
    }
    this.watched = this.watched.filter((hole) => !done(hole));
  }

  private flush(): void {
    while (this.outbox.length > 0 && !this.closed) this.destination.next(this.outbox.shift()!);
  }
}
