import {
  asyncScheduler,
  EMPTY,
  type ObservableInput,
  type OperatorFunction,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { checkBound, type Chunk, Gap, isNotice, kindOf, type Notice, type Range } from '../src/chunk/index.js';
import type { Probe } from '../src/probe/index.js';
import { gapError } from './gap-error.js';
import { GivenUp } from './given-up.js';
import { HoleAlarm } from './hole-alarm.js';
import { type Hole, Holes } from './holes.js';
import { intake } from './intake.js';
import { Job, type JobOwner, type WorkContext } from './job.js';
import { type MaybeNotice, NumberedStage, streamOf } from './numbered.js';
import { callbackError, operate, tell } from './operate.js';

/** What is handed to `request` besides the ranges. */
export interface RepairContext {
  /** How often they were asked for, counting this time; where it differs, that of the range asked for most often. */
  readonly attempt: number;
  /** Aborts when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Options of {@link repair}. */
export interface RepairOptions<T> {
  /**
   * Asks for missing chunks: exactly those, in as few ranges as may be, lowest first. Gives the answer back (an observable, an
   * iterable or an async iterable of items, in any order), or nothing where it comes through the source. An answer that fails
   * or brings too little ends nothing: what is still missing is asked for again.
   */
  readonly request: (
    ranges: readonly Range[],
    context: RepairContext,
  ) => ObservableInput<NoInfer<T>> | undefined | void;
  /** How long a chunk may be missing before it is asked for, in milliseconds: links that reorder need a little. Default 0. */
  readonly delayMs?: number;
  /** Longest wait after the first request, in milliseconds; it doubles with each. Half of it at least is waited. Default 100. */
  readonly retryMs?: number;
  /** Upper bound of every wait, in milliseconds. Default 5000. */
  readonly maxRetryMs?: number;
  /** How often a chunk is asked for. Default 10. */
  readonly retries?: number;
  /** How many chunks may be missing at once. Default 1000. */
  readonly maxMissing?: number;
  /**
   * What happens when the last request has brought nothing, or more than `maxMissing` would be missing: `skip` gives up with
   * a `Gap` (in the second case on all that is missing, to go on with what is new), `fail` ends the stream. Default `skip`.
   */
  readonly onGiveUp?: 'skip' | 'fail';
  /** Told when more than `maxMissing` were missing, and all between these numbers that had not come was given up. */
  readonly onResync?: (range: Range) => void;
  /** Number of the stream's first chunk; `first`: that of the first to arrive. Default 0. */
  readonly start?: number | 'first';
  /** The number of an item. Default: `item.seq`. */
  readonly seq?: (item: Exclude<T, Notice>) => number;
  /** Hears `hole`, `nack`, `unanswered`, `repaired`, `duplicate`, `late` and `gap`. */
  readonly probe?: Probe;
  /** A number from 0 up to 1, to spread requests in time. Default `Math.random`. */
  readonly random?: () => number;
  /** Tells the time and keeps the one timer. Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Asks again for what is missing, and merges the answers into the stream. Stands before {@link reorder}, in the place of
 * {@link gapTimeout}, whose `repair` is the plainer way where answers come through the source at a steady pace. With both, the
 * time limit stands behind: `repair(…), gapTimeout({ timeoutMs, action: 'skip' }), reorder()`, and is longer than all the waits
 * together; before `repair` it would give up first what `repair` could still bring.
 *
 * A number is missing once a higher one was seen, or an `End` or `Mark` has said that it exists, and until its chunk or a
 * `Gap` over it comes by. When the source completes, what is missing is still waited for, unless it could only come from there.
 *
 * - **Emits** every item at once, each number once, in whatever order; notices as they come; for chunks given up a `Gap`, with
 *   reason `timeout`, or `dropped` where too many were missing. What comes a second time or too late is dropped.
 * - **Errors** with `gap`, naming the chunks, where they are not to be skipped; with `callback-failed` when `request`, `onResync`,
 *   `random` or `seq` throws; with `chunk-invalid` when `seq` gives no chunk number; with the source. An answer's error is
 *   reported, and the `cause` of a `gap`.
 * - **Completes** when the source has and nothing is missing that may still come.
 * - **Holds** no item; the ranges of at most `maxMissing` numbers, and of each the answers to at most `retries` requests. One
 *   timer.
 *
 * @example
 * // source                                a-c-----d|
 * // repair({ delayMs: 2, request })       a-c--b--d|     the answer takes a millisecond
 * items$.pipe(repair({ delayMs: 20, request: (ranges, { signal }) => load(ranges, signal) }), reorder(), unwrap());
 */
export function repair<T>(
  options: RepairOptions<T> & Required<Pick<RepairOptions<T>, 'seq'>>,
): OperatorFunction<T, T | Gap>;
export function repair<T extends Pick<Chunk, 'seq'> | Notice>(options: RepairOptions<T>): OperatorFunction<T, T | Gap>;
export function repair<T>(options: RepairOptions<T>): OperatorFunction<T, T | Gap> {
  const rules = rulesOf(options);
  const work = operate<T, T | Gap>((destination) => new Repair<T>(destination, rules));
  return (source) => work(intake<T>()(source));
}

type Rules<T> = ReturnType<typeof rulesOf<T>>;

/** Longest delay a timer of the platform takes; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

function rulesOf<T>(options: RepairOptions<T>) {
  const { delayMs = 0, retryMs = 100, maxRetryMs = Math.max(5000, retryMs), retries = 10, maxMissing = 1000 } = options;
  const { start = 0, onGiveUp = 'skip', random = Math.random, scheduler = asyncScheduler, ...others } = options;
  if (typeof options.request !== 'function') {
    throw new TypeError(`request must be a function, got ${kindOf(options.request)}`);
  }
  if (onGiveUp !== 'skip' && onGiveUp !== 'fail') throw new TypeError('onGiveUp must be "skip" or "fail"');
  checkBound('retryMs', retryMs, { max: longestTimer });
  return {
    ...others,
    start: start === 'first' ? -1 : checkBound('start', start, { min: 0 }),
    delayMs: checkBound('delayMs', delayMs, { min: 0, max: longestTimer }),
    retryMs,
    maxRetryMs: checkBound('maxRetryMs', maxRetryMs, { min: retryMs, max: longestTimer }),
    retries: checkBound('retries', retries, { infinite: true }),
    maxMissing: checkBound('maxMissing', maxMissing, { infinite: true }),
    skips: onGiveUp === 'skip',
    random,
    scheduler,
  };
}

class Repair<T> extends NumberedStage<T, T | Gap> implements JobOwner {
  /** Lowest number that is not known to exist; -1 until the first item says where to start. */
  private frontier: number;
  private streamId = '';
  private completed = false;
  /** Whether answers come through the source, as far as requests have shown. */
  private answeredBySource = false;
  /** Why an answer failed last. */
  private cause: unknown;
  private readonly holes = new Holes();
  private readonly answers = new Set<Answer<T>>();
  private readonly givenUp = new GivenUp();
  private readonly alarm: HoleAlarm;

  constructor(
    destination: Subscriber<T | Gap>,
    private readonly rules: Rules<T>,
  ) {
    super(destination, 'repair', rules.seq);
    this.frontier = rules.start;
    // Never longer than the longest of all waits.
    const longestMs = Math.max(rules.delayMs, rules.maxRetryMs);
    this.alarm = new HoleAlarm(this.holes, rules.scheduler, longestMs, (now) => this.wake(now));
  }

  protected override _next(item: T): void {
    if ((item as MaybeNotice).kind !== undefined && isNotice(item)) return this.heed(item);
    const seq = this.seqOf(item);
    if (seq !== this.frontier || seq < 0) return this.arrive(item, seq);
    this.frontier = seq + 1;
    this.destination.next(item);
  }

  protected override _complete(): void {
    this.completed = true;
    this.settle();
  }

  protected override release(): void {
    this.alarm.cancel();
    this.holes.clear();
    this.answers.clear();
    this.givenUp.clear();
  }

  /** What an answer has brought goes the way of the source's items. */
  take(item: T): void {
    this._next(item);
  }

  /** An answer has ended. */
  done(): void {
    this.letGo(({ closed }) => closed);
  }

  /** An answer has failed: there will be another request, or there was the last. */
  failed(error: unknown): void {
    this.cause = error;
    tell(this.rules.probe, { type: 'unanswered', error, operator: 'repair' });
    this.done();
  }

  /** An item that is not simply the next one. */
  private arrive(item: T, seq: number): void {
    if (!this.accepts(seq)) return;
    if (seq < this.frontier) return this.fill(item, seq);
    this.streamId = streamOf(item);
    if (!this.reveal(seq, seq + 1)) return;
    this.destination.next(item);
    this.settle();
  }

  private fill(item: T, seq: number): void {
    const { probe } = this.rules;
    if (this.holes.close({ from: seq, to: seq + 1 }) === 0) {
      return tell(probe, { type: this.givenUp.has(seq) ? 'late' : 'duplicate', seq, operator: 'repair' });
    }
    this.destination.next(item);
    tell(probe, { type: 'repaired', seq, operator: 'repair' });
    this.settle();
  }

  private heed(notice: Notice): void {
    this.streamId = notice.streamId;
    const isGap = notice instanceof Gap;
    if (!(isGap ? this.reveal(notice.from, notice.to) : this.reveal(notice.seq, notice.seq))) return;
    if (isGap) {
      this.holes.close(notice);
      this.givenUp.add(notice);
    }
    this.destination.next(notice as T);
    this.settle();
  }

  /** Everything below `seq` exists: what was not seen of it is missing. What comes next is `next`, or higher. */
  private reveal(seq: number, next: number): boolean {
    const hole = { from: this.frontier, to: seq };
    this.frontier = Math.max(hole.from, next);
    if (hole.from < 0 || hole.from >= hole.to) return true;
    const { maxMissing, delayMs, scheduler, probe } = this.rules;
    tell(probe, { type: 'hole', ...hole, operator: 'repair' });
    if (this.holes.missing + hole.to - hole.from > maxMissing) this.resync(hole);
    else {
      const dueAt = scheduler.now() + delayMs;
      this.holes.open(hole, dueAt);
      this.alarm.arm();
    }
    return !this.closed;
  }

  /** Once nothing is missing: lets answers and the timer go, and completes when the source has. */
  private settle(): void {
    // What only the source could bring will not come any more.
    if (this.completed && this.answeredBySource) this.giveUp(() => true, 'did not come before the source completed');
    if (this.closed || this.holes.length > 0) return;
    this.letGo(() => true);
    this.alarm.cancel();
    this.cause = undefined;
    if (this.completed) super._complete();
  }

  private wake(now: number): void {
    const { retries } = this.rules;
    this.giveUp(({ dueAt, attempts }) => dueAt <= now && attempts >= retries, `did not come after ${retries} requests`);
    this.letGo((answer) => !answer.ranges.some((range) => this.holes.lacks(range)));
    if (!this.closed) this.request(this.holes.due(now), now);
    this.settle();
    if (!this.closed) this.alarm.arm();
  }

  private giveUp(lost: (hole: Hole) => boolean, why: string): void {
    const holes = this.holes.remove(lost);
    if (holes.length === 0) return;
    if (this.rules.skips) return this.skip(holes, 'timeout');
    this.fail(gapError('repair', this.streamId, holes[0]!, why, this.cause));
  }

  /** More would be missing than is worth asking for: begins anew behind all of it. */
  private resync(hole: Range): void {
    const { maxMissing, skips, onResync } = this.rules;
    if (!skips) {
      const why = `would be missing too, and at most ${maxMissing} may be at once`;
      return this.fail(gapError('repair', this.streamId, hole, why));
    }
    const lost = [...this.holes.remove(() => true), hole];
    this.letGo(() => true);
    this.alarm.cancel();
    this.skip(lost, 'dropped');
    if (this.closed) return;
    try {
      onResync?.({ from: lost[0]!.from, to: hole.to });
    } catch (error) {
      this.fail(callbackError('repair', error, { streamId: this.streamId }));
    }
  }

  private skip(ranges: readonly Range[], reason: 'timeout' | 'dropped'): void {
    for (const range of ranges) this.givenUp.add(range);
    for (const { from, to } of ranges) {
      if (this.closed) return;
      tell(this.rules.probe, { type: 'gap', from, to, reason, operator: 'repair' });
      this.destination.next(new Gap(this.streamId, from, to, reason));
    }
  }

  private request(holes: readonly Hole[], now: number): void {
    if (holes.length === 0) return;
    const { request, random, probe } = this.rules;
    try {
      const jitter = (1 + random()) / 2;
      let attempt = 0;
      // All is noted before the first word leaves: the answer may come within the call, and change the holes.
      for (const hole of holes) {
        hole.attempts++;
        hole.dueAt = now + Math.ceil(this.waitMs(hole.attempts) * jitter);
        attempt = Math.max(attempt, hole.attempts);
      }
      const answer = new Answer<T>(this.destination, this, joined(holes));
      for (const { from, to, attempts } of holes) {
        tell(probe, { type: 'nack', from, to, attempt: attempts, operator: 'repair' });
      }
      this.answers.add(answer);
      answer.start('repair', (ranges, work) => this.heard(request(ranges, contextOf(attempt, work))), answer.ranges);
    } catch (error) {
      this.fail(callbackError('repair', error, { streamId: this.streamId }));
    }
  }

  /** What `request` gave. */
  private heard(answer: ObservableInput<T> | undefined | void): ObservableInput<T> {
    this.answeredBySource = answer === undefined;
    return answer ?? EMPTY;
  }

  private waitMs(attempts: number): number {
    const { retryMs, maxRetryMs } = this.rules;
    return Math.min(maxRetryMs, retryMs * 2 ** (attempts - 1));
  }

  private letGo(which: (answer: Answer<T>) => boolean): void {
    for (const answer of this.answers) {
      if (!which(answer)) continue;
      this.answers.delete(answer);
      answer.unsubscribe();
    }
  }
}

/** An answer under way. What it brings goes the way of the source's items. */
class Answer<T> extends Job<T, T | Gap> {
  constructor(
    destination: Subscriber<T | Gap>,
    private readonly stage: JobOwner & Pick<Repair<T>, 'take'>,
    readonly ranges: readonly Range[],
  ) {
    super(destination, stage);
  }

  protected override _next(item: T): void {
    this.stage.take(item);
  }
}

function contextOf(attempt: number, work: WorkContext): RepairContext {
  return {
    attempt,
    get signal() {
      return work.signal;
    },
  };
}

/** The holes as ranges; those that lie side by side as one. */
function joined(holes: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  for (const { from, to } of holes) {
    const last = ranges.at(-1);
    if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to };
    else ranges.push({ from, to });
  }
  return ranges;
}
