import type { Observer, SchedulerLike } from 'rxjs';
import { HoleAlarm } from '../../operators/hole-alarm.js';
import { tell } from '../../operators/operate.js';
import { type Chunk, type GapReason, type Range, StreamError } from '../chunk/index.js';
import type { Probe, ProbeEvent } from '../probe/index.js';
import { operator, Reader, type ReaderPort, type ReaderSettings } from './reader.js';

/** How a reader puts things right. */
export interface RepairingReaderSettings extends ReaderSettings {
  /** How long a missing chunk may take before it is asked for again, in milliseconds. */
  readonly gapMs: number;
  readonly probe: Probe | undefined;
  readonly scheduler: SchedulerLike;
}

/** How many gaps are remembered, to tell a late chunk from a duplicate. */
const gapsRemembered = 64;

/** How many gaps may be announced ahead of their place: of an honest server a few are. */
const maxGaps = 1024;

/** Chunks that are announced not to come, and why. */
interface Announced extends Range {
  readonly reason: GapReason;
}

/** Numbers that were found to exist before their chunks came; some may have come since. */
interface Hole extends Range {
  /** When what is missing of it is asked for. */
  dueAt: number;
  /** How often it was asked for. */
  attempts: number;
}

/**
 * A reader for links that lose, repeat and reorder: what came early waits for its turn, and what is missing is asked for again.
 * It does what `dedupe`, `gapTimeout`, `reorder` and `unwrap` do one behind the other, in a quarter of their code, for it needs
 * none of their choices. A test holds it to them.
 *
 * Keeps no bound of its own: what comes lies at most a window beyond the first chunk missing, see {@link Reading.data}.
 */
export class RepairingReader extends Reader {
  /** Lowest number that is not known to exist. */
  #frontier = 0;
  #early = new Map<number, Chunk>();
  #holes: Hole[] = [];
  /** As they were said. Where two say the same, the first has said it. */
  #announced: Announced[] = [];
  #passed: Range[] = [];
  /** Whether the consumer is being called: what it feeds back in must wait until it returns. */
  #emitting = false;
  readonly #alarm: HoleAlarm;

  constructor(
    port: ReaderPort,
    protected override readonly settings: RepairingReaderSettings,
    output: Observer<Chunk>,
  ) {
    super(port, settings, output);
    this.#alarm = new HoleAlarm(this, settings.scheduler, settings.gapMs, (now) => this.#wake(now));
  }

  /** When the first hole is due; `Infinity` when none is. */
  get dueAt(): number {
    return this.#holes.reduce((earliest, { dueAt }) => Math.min(earliest, dueAt), Infinity);
  }

  override started(start: number): void {
    this.#forget();
    this.#frontier = start;
    super.started(start);
  }

  override gap(from: number, to: number, reason: GapReason): void {
    if (this.over) return;
    this.#reveal(from);
    this.#frontier = Math.max(this.#frontier, to);
    this.#announce({ from, to, reason });
    this.settle();
  }

  override mark(seq: number): void {
    if (this.over) return;
    this.#reveal(seq);
    this.settle();
  }

  override stop(): void {
    super.stop();
    this.#forget();
  }

  #forget(): void {
    this.#alarm.cancel();
    this.#early = new Map();
    this.#holes = [];
    this.#announced = [];
    this.#passed = [];
  }

  protected override arrive(chunk: Chunk): void {
    const { seq } = chunk;
    if (seq < this.expected || this.#early.has(seq)) return this.#refuse(seq);
    if (seq >= this.#frontier) {
      this.#reveal(seq);
      this.#frontier = seq + 1;
    } else if (this.#announcedAt(seq) === undefined) {
      this.#report({ type: 'repaired', seq, operator });
    }
    if (seq === this.expected && !this.#emitting) this.deliver(chunk);
    else this.#early.set(seq, chunk);
    this.settle();
  }

  #refuse(seq: number): void {
    const gone = this.#passed.some((range) => holds(range, seq));
    this.#report({ type: gone ? 'late' : 'duplicate', seq, operator });
  }

  /** Everything below `seq` exists: what was not seen of it is missing. */
  #reveal(seq: number): void {
    if (seq <= this.#frontier) return;
    const { gapMs, scheduler } = this.settings;
    const hole = { from: this.#frontier, to: seq };
    this.#frontier = seq;
    // Forgotten here, and not with each chunk that comes: nearly always there are none.
    while (this.#holes[0] !== undefined && this.#holes[0].to <= this.expected) this.#holes.shift();
    const isFirst = this.#holes.push({ ...hole, dueAt: scheduler.now() + gapMs, attempts: 0 }) === 1;
    // Behind others it is the last to be due.
    if (isFirst) this.#alarm.arm();
    this.#report({ type: 'hole', ...hole, operator });
  }

  #announce(gap: Announced): void {
    const { streamId } = this.settings;
    const announced = this.#announced;
    const last = announced.at(-1);
    if (last?.to === gap.from && last.reason === gap.reason) announced.splice(-1, 1, { ...gap, from: last.from });
    else if (!announced.some(({ from, to }) => from <= gap.from && gap.to <= to)) announced.push(gap);
    if (announced.length > maxGaps) {
      const message = `${operator}: more than ${maxGaps} announced gaps wait`;
      this.failed(new StreamError('overflow', message, { operator, streamId }));
    }
  }

  #announcedAt(seq: number): Announced | undefined {
    return this.#announced.find((gap) => holds(gap, seq));
  }

  /** Hands on everything whose turn has come. */
  protected override settle(): void {
    if (this.#emitting) return;
    while (!this.over && this.#step());
    super.settle();
  }

  /** Hands on what stands at its place. Answers whether anything does. */
  #step(): boolean {
    const chunk = this.#early.get(this.expected);
    const gap = this.#announcedAt(this.expected);
    if (chunk !== undefined) {
      this.#early.delete(chunk.seq);
      this.deliver(chunk);
    } else if (gap !== undefined) {
      this.#skip(gap);
    }
    return chunk !== undefined || gap !== undefined;
  }

  protected override deliver(chunk: Chunk): void {
    this.#emitting = true;
    super.deliver(chunk);
    this.#emitting = false;
  }

  #skip({ reason }: Announced): void {
    const range = { from: this.expected, to: this.#endOfGap(reason) };
    this.#announced = this.#announced.filter(({ to }) => to > range.to);
    if (this.#passed.push(range) > gapsRemembered) this.#passed.shift();
    this.#report({ type: 'gap', ...range, reason, operator });
    this.pass(range.to, reason);
  }

  /** Up to where the same was said of all chunks from the expected one on, and none of them has come. */
  #endOfGap(reason: GapReason): number {
    const borders = this.#announced.flatMap(({ from, to }) => [from, to]);
    let end = this.expected;
    while (this.#announcedAt(end)?.reason === reason) end = lowest(borders.filter((border) => border > end));
    return Math.min(end, lowest(this.#early.keys()));
  }

  /** Asks for what has been missing for too long. */
  #wake(now: number): void {
    const ranges: Range[] = [];
    const known = this.#known();
    this.#holes = this.#holes.filter((hole) => {
      const missing = without(known, hole);
      if (missing.length === 0) return false;
      if (hole.dueAt > now) return true;
      hole.dueAt = now + this.settings.gapMs;
      hole.attempts++;
      for (const { from, to } of missing) this.#report({ type: 'nack', from, to, attempt: hole.attempts, operator });
      ranges.push(...missing);
      return true;
    });
    if (ranges.length > 0) this.port.request(ranges);
    if (!this.over) this.#alarm.arm();
  }

  /** Ranges that need not be asked for, highest first: what came, and what will not come. */
  #known(): Range[] {
    const came = [...this.#early.keys()].map((seq) => ({ from: seq, to: seq + 1 }));
    return [{ from: 0, to: this.expected }, ...came, ...this.#announced].sort((a, b) => b.from - a.from);
  }

  #report(event: ProbeEvent): void {
    tell(this.settings.probe, event);
  }
}

function holds({ from, to }: Range, seq: number): boolean {
  return from <= seq && seq < to;
}

function lowest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}

/**
 * What is left of a range without the known ones. These stand highest first, and whoever lies below what was looked at is taken
 * out, for the next hole is above.
 */
function without(known: Range[], { from, to }: Range): Range[] {
  const left: Range[] = [];
  for (let at = from; at < to;) {
    while (known.length > 0 && known.at(-1)!.to <= at) known.pop();
    const next = known.at(-1) ?? { from: to, to };
    if (next.from > at) left.push({ from: at, to: Math.min(next.from, to) });
    at = Math.max(next.to, Math.min(next.from, to));
  }
  return left;
}
