import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, type Chunk, kindOf, type Notice } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { ownSeq } from './numbered.js';
import { callbackError, operate, reportUnhandled, Stage } from './operate.js';

/** Options of {@link checkpoint}. */
export interface CheckpointOptions<T, P = number> {
  /**
   * Keeps a position. Where it gives a promise, the next position waits for it, so that an older one never arrives behind a
   * newer; of those that come meanwhile only the newest is kept.
   */
  readonly save: (position: P) => unknown;
  /** The position an item stands for; `undefined` where it stands for none. Default: its own `seq`. */
  readonly position?: (item: T) => P | undefined;
  /** Items delivered between two saves, at most. Default 100. */
  readonly everyItems?: number;
  /** Longest time a delivered item is not saved. Default 1000. */
  readonly everyMs?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Keeps how far the consumer has come, so that it can go on there another time.
 *
 * A position is saved when its item has been delivered, never before: what is saved has been seen, and what is read again
 * behind it has not. It counts as delivered when the stages that follow, in the same call, have returned: put it behind
 * whatever works asynchronously. What has not been saved is, when the stream ends, however it ends.
 *
 * - **Emits** every item at once.
 * - **Errors** with `callback-failed` when `position` or `save` throws, or the promise of `save` is rejected (where the stream
 *   has ended by then, it is an unhandled error); with the source.
 * - **Completes** with the source, once the last position is saved.
 * - **Holds** one position, and one timer.
 *
 * @example
 * // source                                           -ab-c-----d|
 * // checkpoint({ save, everyItems: 2, everyMs: 4 })  -ab-c-----d|
 * // saved                                            --1-----2--3   the numbers of b, c and d
 * chunks$.pipe(checkpoint({ save: (seq) => localStorage.setItem('at', String(seq)) })).subscribe(show);
 */
export function checkpoint<T, P>(
  options: CheckpointOptions<T, P> & Required<Pick<CheckpointOptions<T, P>, 'position'>>,
): MonoTypeOperatorFunction<T>;
export function checkpoint<T extends Pick<Chunk, 'seq'> | Notice>(
  options: CheckpointOptions<T>,
): MonoTypeOperatorFunction<T>;
export function checkpoint<T, P>(options: CheckpointOptions<T, P>): MonoTypeOperatorFunction<T> {
  const { save, position, everyItems = 100, everyMs = 1000 } = options;
  if (typeof save !== 'function') throw new TypeError(`save must be a function, got ${kindOf(save)}`);
  if (position !== undefined && typeof position !== 'function') {
    throw new TypeError(`position must be a function, got ${kindOf(position)}`);
  }
  checkBound('everyItems', everyItems, { infinite: true });
  checkBound('everyMs', everyMs, { infinite: true });
  return operate((destination) => new Checkpoint(destination, { ...options, everyItems, everyMs }));
}

type Rules<T, P> = CheckpointOptions<T, P> & Required<Pick<CheckpointOptions<T, P>, 'everyItems' | 'everyMs'>>;

const operator = 'checkpoint';

class Checkpoint<T, P> extends Stage<T> {
  private readonly read: (item: T) => P | undefined;
  private readonly everyItems: number;
  private readonly alarm: Alarm;
  private position: P | undefined;
  /** Items delivered since the last save. */
  private unsaved = 0;
  /** Whether the time for them runs, or none is to. */
  private timed: boolean;
  /** Items on their way down: a consumer that feeds the source is inside the delivery of another. */
  private delivering = 0;
  private saving = false;
  /** Whether another save is due when the one that runs is done. */
  private due = false;
  private completing = false;
  private broken = false;

  constructor(
    destination: Subscriber<T>,
    private readonly rules: Rules<T, P>,
  ) {
    super(destination);
    // Without `position`, `P` is number: the overloads see to that.
    this.read = rules.position ?? (ownSeq as (item: T) => P | undefined);
    this.everyItems = rules.everyItems;
    this.timed = rules.everyMs === Infinity;
    this.alarm = new Alarm(rules.scheduler ?? asyncScheduler, () => this.save());
  }

  protected override _next(item: T): void {
    let position: P | undefined;
    try {
      position = this.read(item);
    } catch (error) {
      return this.fail(callbackError(operator, error));
    }
    if (position === undefined) return this.destination.next(item);
    // What is fed back inside comes later, and must not be followed by this.
    this.position = position;
    this.unsaved++;
    this.delivering++;
    this.destination.next(item);
    this.delivering--;
    if (this.delivering === 0) this.delivered();
  }

  protected override _complete(): void {
    this.completing = true;
    if (this.delivering === 0) this.finish();
  }

  protected override release(): void {
    this.alarm.cancel();
    this.save();
  }

  private delivered(): void {
    if (this.completing) return this.finish();
    if (this.closed || this.unsaved >= this.everyItems) return this.save();
    if (this.timed) return;
    // Once for each save, which does not cancel it: an alarm that is put off costs a tenth of one that is armed.
    this.timed = true;
    this.alarm.set(this.rules.everyMs);
  }

  private finish(): void {
    this.save();
    if (!this.saving && !this.closed) super._complete();
  }

  /** Saves the newest position, unless there is none: at once, or when the save that runs is done. */
  private save(): void {
    if (this.unsaved === 0 || this.broken || this.delivering > 0) return;
    this.due = this.saving;
    if (this.saving) return;
    this.unsaved = 0;
    this.timed = this.rules.everyMs === Infinity;
    try {
      const saved = this.rules.save(this.position as P);
      if (!isPromise(saved)) return;
      this.saving = true;
      saved.then(
        () => this.saved(),
        (error: unknown) => this.lose(error),
      );
    } catch (error) {
      this.lose(error);
    }
  }

  private saved(): void {
    this.saving = false;
    if (this.due) this.save();
    if (this.completing) this.finish();
  }

  private lose(error: unknown): void {
    this.saving = false;
    this.broken = true;
    if (this.closed) reportUnhandled(error);
    else this.fail(callbackError(operator, error));
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
