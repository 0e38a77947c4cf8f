import { checkBound, kindOf, StreamError } from '../src/chunk/index.js';
import type { Overflow, OverflowOptions } from './backpressure.js';
import { Losses } from './losses.js';
import { streamOf } from './numbered.js';
import { callbackError, tell } from './operate.js';
import { Ring } from './ring.js';

/**
 * `OverflowOptions`, checked and complete.
 *
 * @internal
 */
export type WaitingRules<T> = Required<Pick<OverflowOptions<T>, 'capacity' | 'overflow' | 'announce' | 'maxMerged'>> &
  Pick<OverflowOptions<T>, 'merge' | 'probe'>;

const overflows: readonly unknown[] = [
  'error',
  'drop-oldest',
  'drop-newest',
  'replace-newest',
  'latest',
  'batch',
] satisfies Overflow[];

/** Where one that waits must make room, one must be allowed to. */
const needRoom: readonly unknown[] = ['drop-oldest', 'replace-newest', 'latest', 'batch'] satisfies Overflow[];

/**
 * Checks the options of whoever lets items wait.
 *
 * @internal
 */
export function checkOverflow<T>(options: OverflowOptions<T>): WaitingRules<T> {
  const { overflow = 'error', announce = false, maxMerged = 1024, merge, probe } = options;
  if (!overflows.includes(overflow)) {
    throw new TypeError(`overflow must be one of ${overflows.join(', ')}, got ${kindOf(overflow)}`);
  }
  if (overflow === 'batch' && typeof merge !== 'function') {
    throw new TypeError(`merge must be a function when overflow is "batch", got ${kindOf(merge)}`);
  }
  const latest = overflow === 'latest';
  const { capacity = latest ? 1 : 16 } = options;
  checkBound('capacity', capacity, {
    min: needRoom.includes(overflow) ? 1 : 0,
    ...(latest ? { max: 1 } : { infinite: true }),
  });
  checkBound('maxMerged', maxMerged, { min: 2, infinite: true });
  return {
    overflow,
    capacity,
    announce,
    maxMerged,
    ...(merge === undefined ? {} : { merge }),
    ...(probe === undefined ? {} : { probe }),
  };
}

/**
 * Items that wait for their turn, in a queue with a bound, and between them what was lost there.
 *
 * @internal
 */
export class WaitingLine<T> {
  /** What waits, and behind it what was lost there; of losses never two in a row. */
  private readonly queue = new Ring<T | Losses>(Infinity);
  /** What was lost before the first that waits. */
  private lostBefore: Losses | undefined;
  private waiting = 0;
  /** How many of those that wait came as a replay: the first. */
  private replays = 0;
  /** How many were made one in the youngest that waits. */
  private merged = 1;

  constructor(
    private readonly operator: string,
    private readonly rules: WaitingRules<T>,
  ) {}

  /** How many items wait. */
  get length(): number {
    return this.waiting;
  }

  /** Whether there is nothing to be taken: no item, and no losses. */
  get empty(): boolean {
    return this.lostBefore === undefined && this.queue.length === 0;
  }

  /** How many of those that wait came as a replay: the first. */
  get replayed(): number {
    return this.replays;
  }

  /** The item that waits longest. There must be one. */
  get front(): T {
    const first = this.queue.at(0);
    return (first instanceof Losses ? this.queue.at(1) : first) as T;
  }

  /**
   * Lets an item wait, or decides what is lost instead.
   *
   * @param slots - how many of those that wait are about to be taken, and do not count
   * @throws StreamError `overflow` when there is no room and nothing may be lost; `callback-failed` when `merge` throws
   */
  add(item: T, slots = 0): void {
    if (this.waiting < this.rules.capacity + this.replays + slots) return this.push(item);
    switch (this.rules.overflow) {
      case 'error':
        throw this.overflow(item, this.rules.capacity === 0 ? 'nothing may wait' : this.full());
      case 'batch':
        return this.merge(item);
      case 'drop-newest':
        return this.loseBehind(item);
      case 'replace-newest':
        this.waiting--;
        this.loseBehind(this.queue.pop() as T);
        return this.push(item);
      default:
        this.loseBefore(this.take());
        return this.push(item);
    }
  }

  /** Lets an item of a replay wait, before all others: it takes up nobody's room. */
  replay(item: T): void {
    this.replays++;
    this.push(item);
  }

  /** What was lost before the first that waits, if anything, to be told now. */
  takeLosses(): Losses | undefined {
    const { lostBefore } = this;
    this.lostBefore = undefined;
    if (lostBefore !== undefined) return lostBefore;
    return this.queue.at(0) instanceof Losses ? (this.queue.shift() as Losses) : undefined;
  }

  /** Takes the item that waits longest. There must be one, and no losses before it. */
  take(): T {
    this.waiting--;
    if (this.replays > 0) this.replays--;
    return this.queue.shift() as T;
  }

  /** Lets go of all. */
  clear(): void {
    this.queue.clear();
    this.lostBefore = undefined;
    this.waiting = 0;
    this.replays = 0;
  }

  private push(item: T): void {
    this.queue.push(item);
    this.waiting++;
    this.merged = 1;
  }

  private merge(item: T): void {
    const { merge, maxMerged } = this.rules;
    if (this.merged >= maxMerged) throw this.overflow(item, `${this.full()}, the youngest of ${maxMerged} merged`);
    let both: T;
    try {
      both = merge!(this.queue.at(this.queue.length - 1) as T, item);
    } catch (error) {
      throw callbackError(this.operator, error);
    }
    this.queue.pop();
    this.queue.push(both);
    this.merged++;
  }

  private loseBefore(item: T): void {
    if (this.rules.announce) (this.lostBefore ??= new Losses()).add(item);
    this.tellDropped(item);
  }

  private loseBehind(item: T): void {
    if (this.rules.announce) this.lossesBehind().add(item);
    this.tellDropped(item);
  }

  private tellDropped(value: T): void {
    tell(this.rules.probe, { type: 'dropped', value, operator: this.operator });
  }

  /** What was lost behind everything that waits. */
  private lossesBehind(): Losses {
    const last = this.queue.at(this.queue.length - 1);
    if (last instanceof Losses) return last;
    const losses = new Losses();
    this.queue.push(losses);
    return losses;
  }

  private full(): string {
    return `${this.rules.capacity} items are waiting, as many as capacity allows`;
  }

  private overflow(item: unknown, why: string): StreamError {
    const streamId = typeof item === 'object' && item !== null ? streamOf(item) : '';
    return new StreamError('overflow', `${this.operator}: ${why}`, {
      operator: this.operator,
      ...(streamId === '' ? {} : { streamId }),
    });
  }
}
