import type { Observer, SchedulerLike } from 'rxjs';
import { gapError } from '../../operators/gap-error.js';
import { GapList } from '../../operators/gap-list.js';
import { HoleAlarm } from '../../operators/hole-alarm.js';
import { Holes } from '../../operators/holes.js';
import { tell } from '../../operators/operate.js';
import {
  type Chunk,
  End,
  Gap,
  type GapReason,
  isNotice,
  type Notice,
  type Range,
  StreamError,
} from '../chunk/index.js';
import type { Probe, ProbeEvent } from '../probe/index.js';
import type { ReadingEvents } from './reading.js';

/** What a reader needs of the connection beneath it. */
export interface ReaderPort {
  /** Everything below `next` was received in order; so many chunks and bytes of it came now. */
  received(next: number, chunks: number, bytes: number): void;
  /** Asks again for chunks that did not come. */
  request(ranges: readonly Range[]): void;
  /** The consumer has returned from a chunk, where that means that it is consumed. */
  readonly consumed?: ((chunk: Chunk) => void) | undefined;
}

/** How a reader puts things right. */
export interface ReaderSettings {
  /** How long a missing chunk may take before it is asked for again, in milliseconds. */
  readonly gapMs: number;
  readonly onGap: 'error' | 'skip';
  readonly scheduler: SchedulerLike;
  readonly probe: Probe | undefined;
  readonly joined: ((seq: number) => void) | undefined;
}

/** Whose reports these are. */
const operator = 'receive';

/** How many gaps are remembered, to tell a late chunk from a duplicate. */
const gapsRemembered = 64;

/** How many gaps may be announced ahead of their place: of an honest server a few are. */
const maxGaps = 1024;

const reasons: Record<GapReason, string> = {
  trimmed: 'no longer kept',
  dropped: 'dropped on the way',
  timeout: 'not here in time',
};

/**
 * A reader's way from what the connection hands up to what the consumer sees: duplicates dropped, holes asked for again,
 * chunks in order, the end as the end. It does what `dedupe`, `gapTimeout`, `reorder` and `unwrap` do one behind the other, in a
 * quarter of their code, for it needs none of their choices: every client loads it. A test holds it to them.
 *
 * Keeps no bound of its own: what comes lies at most a window beyond the first chunk missing, see {@link Reading.data}.
 */
export class Reader implements ReadingEvents {
  /** The number whose turn it is. */
  #expected = 0;
  /** Lowest number that is not known to exist. */
  #frontier = 0;
  #early = new Map<number, Chunk>();
  readonly #holes = new Holes();
  readonly #announced = new GapList();
  readonly #passed: Gap[] = [];
  #end: End | undefined;
  #over = false;
  /** Whether the consumer is being called: what it feeds back in must wait until it returns. */
  #emitting = false;
  readonly #alarm: HoleAlarm;

  readonly #port: ReaderPort;
  readonly #settings: ReaderSettings;
  /** Gets the stream's chunks, in order, and how it ends. */
  readonly #output: Observer<Chunk>;

  constructor(port: ReaderPort, settings: ReaderSettings, output: Observer<Chunk>) {
    this.#port = port;
    this.#settings = settings;
    this.#output = output;
    this.#alarm = new HoleAlarm(this.#holes, settings.scheduler, settings.gapMs, (now) => this.#wake(now));
  }

  started(start: number): void {
    this.#forget();
    this.#expected = this.#frontier = start;
    this.#settings.joined?.(start);
  }

  snapshot(chunk: Chunk): void {
    this.#output.next(chunk);
    this.#port.consumed?.(chunk);
  }

  items(items: readonly (Chunk | Notice)[]): void {
    for (const item of items) {
      if (this.#over) return;
      if (isNotice(item)) this.#heed(item);
      else this.#arrive(item);
    }
  }

  failed(error: StreamError): void {
    // What waits for a missing chunk will not get it any more.
    this.stop();
    this.#output.error(error);
  }

  stop(): void {
    this.#over = true;
    this.#forget();
  }

  #forget(): void {
    this.#alarm.cancel();
    this.#early = new Map();
    this.#holes.clear();
    this.#announced.clear();
    this.#passed.length = 0;
    this.#end = undefined;
  }

  #arrive(chunk: Chunk): void {
    const { seq } = chunk;
    if (seq < this.#expected || this.#early.has(seq)) return this.#refuse(seq);
    if (seq >= this.#frontier) {
      this.#reveal(seq);
      this.#frontier = seq + 1;
    } else if (this.#found({ from: seq, to: seq + 1 })) {
      this.#report({ type: 'repaired', seq, operator });
    }
    if (seq === this.#expected && !this.#emitting) this.#deliver(chunk);
    else this.#early.set(seq, chunk);
    this.#drain();
  }

  #refuse(seq: number): void {
    const gone = this.#passed.some(({ from, to }) => from <= seq && seq < to);
    this.#report({ type: gone ? 'late' : 'duplicate', seq, operator });
  }

  #heed(notice: Notice): void {
    const isGap = notice instanceof Gap;
    this.#reveal(isGap ? notice.from : notice.seq);
    if (isGap) {
      this.#found(notice);
      this.#frontier = Math.max(this.#frontier, notice.to);
      this.#announced.add(notice);
      if (this.#announced.length > maxGaps) return this.failed(tooManyGaps(notice.streamId));
    } else if (notice instanceof End) {
      this.#end ??= notice;
    }
    this.#drain();
  }

  /** Everything below `seq` exists: what was not seen of it is missing. */
  #reveal(seq: number): void {
    if (seq <= this.#frontier) return;
    const { gapMs, scheduler } = this.#settings;
    const hole = { from: this.#frontier, to: seq };
    this.#frontier = seq;
    this.#holes.open(hole, scheduler.now() + gapMs);
    this.#alarm.arm();
    this.#report({ type: 'hole', ...hole, operator });
  }

  /** Notes that something is missing no more. Answers whether it was. */
  #found(range: Range): boolean {
    const filled = this.#holes.close(range) > 0;
    if (this.#holes.length === 0) this.#alarm.cancel();
    return filled;
  }

  /** Hands on everything whose turn has come. */
  #drain(): void {
    if (this.#emitting) return;
    while (!this.#over && this.#step());
  }

  #deliver(chunk: Chunk): void {
    this.#expected++;
    this.#port.received(this.#expected, 1, chunk.size);
    this.#emitting = true;
    this.#output.next(chunk);
    this.#port.consumed?.(chunk);
    this.#emitting = false;
  }

  /** Hands on what stands at its place. Answers whether anything does. */
  #step(): boolean {
    const expected = this.#expected;
    const early = this.#early;
    const announced = this.#announced;
    const chunk = early.get(expected);
    if (chunk !== undefined) {
      early.delete(expected);
      this.#deliver(chunk);
      return true;
    }
    announced.trim(expected);
    if (announced.first?.from === expected) {
      this.#pass(announced.take(lowest(early.keys()))!);
      return true;
    }
    if (this.#end !== undefined && this.#end.seq <= expected) this.#finish(this.#end);
    return false;
  }

  #pass(gap: Gap): void {
    this.#expected = gap.to;
    if (this.#passed.push(gap) > gapsRemembered) this.#passed.shift();
    this.#port.received(gap.to, 0, 0);
    if (this.#settings.onGap === 'skip' || this.#over) return;
    this.failed(gapError(operator, gap.streamId, gap, `will not come: ${reasons[gap.reason]}`));
  }

  #finish({ error }: End): void {
    if (error !== undefined) return this.failed(error);
    this.stop();
    this.#output.complete();
  }

  /** Asks for what has been missing for too long. */
  #wake(now: number): void {
    const { gapMs } = this.#settings;
    const due = this.#holes.due(now);
    const ranges: Range[] = [];
    for (const hole of due) {
      const { from, to } = hole;
      hole.dueAt = now + gapMs;
      ranges.push({ from, to });
      this.#report({ type: 'nack', from, to, attempt: ++hole.attempts, operator });
    }
    if (ranges.length > 0) this.#port.request(ranges);
    if (!this.#over) this.#alarm.arm();
  }

  #report(event: ProbeEvent): void {
    tell(this.#settings.probe, event);
  }
}

function lowest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}

function tooManyGaps(streamId: string): StreamError {
  return new StreamError('overflow', `${operator}: more than ${maxGaps} announced gaps wait`, { operator, streamId });
}
