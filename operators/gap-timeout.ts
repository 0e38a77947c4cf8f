import { asyncScheduler, type OperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, type Chunk, Gap, isNotice, Mark, type Notice, type Range } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { gapError } from './gap-error.js';
import { HoleAlarm } from './hole-alarm.js';
import { type Hole, Holes } from './holes.js';
import { type MaybeNotice, NumberedStage, streamOf } from './numbered.js';
import { callbackError, operate, tell } from './operate.js';

/** Options of {@link gapTimeout}. */
export interface GapTimeoutOptions<T> {
  /** How long a chunk may be missing, in milliseconds; `Infinity` waits for the source to complete. */
  readonly timeoutMs: number;
  /**
   * What happens then: `fail` ends the stream, `skip` gives the chunks up with a `Gap`, `repair` has them requested.
   * Default `fail`.
   */
  readonly action?: 'fail' | 'skip' | 'repair';
  /**
   * Asks for missing chunks again; they come through the source, in this call or later. `attempt` counts from 1; where
   * several ranges are due at once it is that of the one asked for most often. Required with `repair`.
   */
  readonly request?: (ranges: readonly Range[], attempt: number) => void;
  /** How often a chunk is requested, `timeoutMs` apart. Default 10. */
  readonly retries?: number;
  /** What happens when the last request, too, has brought nothing. Default `fail`. */
  readonly afterRepair?: 'fail' | 'skip';
  /** How many chunks may be missing at once; one more ends the stream. Default 10. */
  readonly maxMissing?: number;
  /** Number of the stream's first chunk; `first`: that of the first to arrive. Default 0. */
  readonly start?: number | 'first';
  /** The number of an item. Default: `item.seq`. */
  readonly seq?: (item: Exclude<T, Notice>) => number;
  /** Hears `hole`, `repaired`, `nack` and `gap`. */
  readonly probe?: Probe;
  /** Tells the time and keeps the one timer. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Watches the numbers that go by, and acts when one is missing for too long: fails, gives it up, or has it requested. Stands
 * before {@link reorder}: whatever arrives passes at once, in whatever order.
 *
 * A number is missing once a higher one was seen, or an `End` or `Mark` has said that it exists, and until its chunk or a
 * `Gap` over it comes by. When the source completes, nothing missing can come any more, and the time is up.
 *
 * - **Emits** every item but `Mark`, at once; for chunks given up a `Gap` with reason `timeout`, behind which `reorder` goes on.
 * - **Errors** with `gap`, naming the chunks, when they did not come in time and are not to be skipped, and when more than
 *   `maxMissing` are missing at once; with `callback-failed` when `seq` or `request` throws; with `chunk-invalid` when
 *   `seq` gives no chunk number; with the source.
 * - **Completes** with the source.
 * - **Holds** no item; the ranges of at most `maxMissing` numbers.
 *
 * @example
 * // source                                        a-c-----d-|
 * // gapTimeout({ timeoutMs: 4 })                  a-c---#
 * // gapTimeout({ timeoutMs: 4, action: 'skip' })  a-c---G-d-|     G: b is given up
 * items$.pipe(gapTimeout({ timeoutMs: 500, action: 'repair', request: (ranges) => nack(ranges) }), reorder());
 */
export function gapTimeout<T>(
  options: GapTimeoutOptions<T> & Required<Pick<GapTimeoutOptions<T>, 'seq'>>,
): OperatorFunction<T, Exclude<T, Mark> | Gap>;
export function gapTimeout<T extends Pick<Chunk, 'seq'> | Notice>(
  options: GapTimeoutOptions<T>,
): OperatorFunction<T, Exclude<T, Mark> | Gap>;
export function gapTimeout<T>(options: GapTimeoutOptions<T>): OperatorFunction<T, Exclude<T, Mark> | Gap> {
  const rules = rulesOf(options);
  return operate((destination) => new GapTimeout<T>(destination, options, rules));
}

type Watched<T> = Exclude<T, Mark> | Gap;

/** The options with their defaults, checked. */
interface Rules {
  readonly start: number;
  readonly timeoutMs: number;
  readonly maxMissing: number;
  /** How often to request before giving up. */
  readonly requests: number;
  /** What giving up means. */
  readonly skips: boolean;
  readonly scheduler: SchedulerLike;
}

/** Longest delay a timer of the platform takes; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

function rulesOf<T>(options: GapTimeoutOptions<T>): Rules {
  const { action = 'fail', afterRepair = 'fail', start = 0, retries = 10, maxMissing = 10 } = options;
  const repairs = action === 'repair';
  if (!repairs && action !== 'fail' && action !== 'skip') {
    throw new TypeError('action must be "fail", "skip" or "repair"');
  }
  if (afterRepair !== 'fail' && afterRepair !== 'skip') throw new TypeError('afterRepair must be "fail" or "skip"');
  if (repairs && typeof options.request !== 'function') {
    throw new TypeError('request must be a function when action is "repair"');
  }
  checkBound('retries', retries, { infinite: true });
  return {
    start: start === 'first' ? -1 : checkBound('start', start, { min: 0 }),
    timeoutMs: checkBound('timeoutMs', options.timeoutMs, { max: longestTimer, infinite: true }),
    maxMissing: checkBound('maxMissing', maxMissing, { infinite: true }),
    requests: repairs ? retries : 0,
    skips: (repairs ? afterRepair : action) === 'skip',
    scheduler: options.scheduler ?? asyncScheduler,
  };
}

class GapTimeout<T> extends NumberedStage<T, Watched<T>> {
  /** Lowest number that is not known to exist; -1 until the first item says where to start. */
  private frontier: number;
  private streamId = '';
  private readonly alarm: HoleAlarm;
  private readonly holes = new Holes();

  constructor(
    destination: Subscriber<Watched<T>>,
    private readonly options: GapTimeoutOptions<T>,
    private readonly rules: Rules,
  ) {
    super(destination, 'gapTimeout', options.seq);
    this.frontier = rules.start;
    this.alarm = new HoleAlarm(this.holes, rules.scheduler, rules.timeoutMs, (now) => this.wake(now));
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.heed(item);
    const seq = this.seqOf(item);
    if ((seq !== this.frontier || seq < 0) && !this.watch(item, seq)) return;
    if (seq === this.frontier) this.frontier = seq + 1;
    this.destination.next(item as Watched<T>);
  }

  protected override _complete(): void {
    this.alarm.cancel();
    this.giveUp(() => true, 'did not come before the stream ended');
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.alarm.cancel();
    this.holes.clear();
  }

  /** Notes an item that is not the next; false when that has ended the stage. */
  private watch(item: T, seq: number): boolean {
    if (!this.accepts(seq)) return false;
    if (seq < this.frontier) {
      this.fill(seq);
      return true;
    }
    this.streamId = streamOf(item);
    return this.reveal(seq);
  }

  private heed(notice: Notice): void {
    this.streamId = notice.streamId;
    const ahead = notice instanceof Gap ? notice.from : notice.seq;
    if (ahead > this.frontier && !this.reveal(ahead)) return;
    if (notice instanceof Mark) return;
    if (notice instanceof Gap) this.close(notice);
    this.destination.next(notice as Watched<T>);
  }

  /** Everything below `seq` exists: what was not seen of it is missing. False when that is too much. */
  private reveal(seq: number): boolean {
    const hole = { from: this.frontier, to: seq };
    this.frontier = seq;
    if (hole.from < 0) return true;
    const { maxMissing, timeoutMs, scheduler } = this.rules;
    if (this.holes.missing + hole.to - hole.from > maxMissing) {
      const why = `would be missing too, and at most ${maxMissing} may be at once`;
      this.fail(gapError('gapTimeout', this.streamId, hole, why));
      return false;
    }
    this.holes.open(hole, scheduler.now() + timeoutMs);
    this.alarm.arm();
    tell(this.options.probe, { type: 'hole', ...hole, operator: 'gapTimeout' });
    return true;
  }

  private fill(seq: number): void {
    if (this.holes.close({ from: seq, to: seq + 1 }) === 0) return;
    if (this.holes.length === 0) this.alarm.cancel();
    tell(this.options.probe, { type: 'repaired', seq, operator: 'gapTimeout' });
  }

  private close(gap: Gap): void {
    this.holes.close(gap);
    if (this.holes.length === 0) this.alarm.cancel();
    this.frontier = Math.max(this.frontier, gap.to);
  }

  private wake(now: number): void {
    const { requests, timeoutMs } = this.rules;
    const within = requests === 0 ? `within ${timeoutMs} ms` : `after ${requests} requests, ${timeoutMs} ms apart`;
    this.giveUp(({ dueAt, attempts }) => dueAt <= now && attempts >= requests, `did not come ${within}`);
    if (!this.closed) this.request(this.holes.due(now), now + timeoutMs);
    if (!this.closed) this.alarm.arm();
  }

  private giveUp(lost: (hole: Hole) => boolean, why: string): void {
    const { streamId } = this;
    const [first, ...others] = this.holes.remove(lost);
    if (first === undefined) return;
    if (!this.rules.skips) return this.fail(gapError('gapTimeout', streamId, first, why));
    for (const { from, to } of [first, ...others]) {
      if (this.closed) return;
      tell(this.options.probe, { type: 'gap', from, to, reason: 'timeout', operator: 'gapTimeout' });
      this.destination.next(new Gap(streamId, from, to, 'timeout'));
    }
  }

  private request(holes: readonly Hole[], dueAt: number): void {
    if (holes.length === 0) return;
    const ranges: Range[] = [];
    let attempt = 0;
    // All is noted before the first word leaves: the answer may come within the call, and change the holes.
    for (const hole of holes) {
      hole.attempts++;
      hole.dueAt = dueAt;
      ranges.push({ from: hole.from, to: hole.to });
      attempt = Math.max(attempt, hole.attempts);
    }
    const { probe, request } = this.options;
    for (const { from, to, attempts } of holes) {
      tell(probe, { type: 'nack', from, to, attempt: attempts, operator: 'gapTimeout' });
    }
    try {
      request!(ranges, attempt);
    } catch (error) {
      this.fail(callbackError('gapTimeout', error, { streamId: this.streamId }));
    }
  }
}
