import {
  asyncScheduler,
  from,
  type ObservableInput,
  type OperatorFunction,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { checkBound, StreamError } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { callbackError } from './operate.js';
import { Silence } from './silence.js';
import { operateTimed, TimedStage } from './timed.js';

/** Options of {@link idleTimeout}: at least one of the three times. */
export interface IdleTimeoutOptions<T, R = never> {
  /** Longest wait for the first sign of life. Default `eachMs`. */
  readonly firstMs?: number;
  /** Longest wait between one sign of life and the next, and after the last. Default: any. */
  readonly eachMs?: number;
  /** Longest time to completion. Default: any. */
  readonly totalMs?: number;
  /** Whether an item is a sign of life: a heartbeat may not be. Default: every item is. */
  readonly isAlive?: (item: T) => boolean;
  /** What to go on with instead of failing. The source has been let go by then. */
  readonly with?: () => ObservableInput<R>;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Ends a stream in which nothing happens any more.
 *
 * - **Emits** every item at once; after a timeout what `with` gave.
 * - **Errors** with `idle-timeout`: `firstMs` and `totalMs` after it was subscribed, `eachMs` after the last sign of life and
 *   then up to `eachMs / 16` late (exact up to 16 ms). With `callback-failed` when `isAlive` or `with` throws; with
 *   the source.
 * - **Completes** with the source, or with what `with` gave.
 * - **Holds** nothing, and at most two timers, none of which is armed for an item.
 *
 * @example
 * // source                       --a--b-------c
 * // idleTimeout({ eachMs: 4 })   --a--b---#
 * chunks$.pipe(idleTimeout({ firstMs: 60_000, eachMs: 15_000, isAlive: (item) => !(item instanceof Mark) }));
 */
export function idleTimeout<T, R = never>(options: IdleTimeoutOptions<T, R>): OperatorFunction<T, T | R> {
  const { firstMs, eachMs, totalMs } = options;
  if (firstMs === undefined && eachMs === undefined && totalMs === undefined) {
    throw new TypeError('idleTimeout needs firstMs, eachMs or totalMs');
  }
  if (firstMs !== undefined) checkBound('firstMs', firstMs);
  if (eachMs !== undefined) checkBound('eachMs', eachMs);
  if (totalMs !== undefined) checkBound('totalMs', totalMs);
  return operateTimed((destination) => new IdleTimeout(destination, options));
}

class IdleTimeout<T, R> extends TimedStage<T, T | R> {
  private readonly isAlive: ((item: T) => boolean) | undefined;
  private readonly first: Alarm;
  private readonly total: Alarm;
  private readonly each: Silence | undefined;
  private alive = false;

  constructor(
    destination: Subscriber<T | R>,
    private readonly options: IdleTimeoutOptions<T, R>,
  ) {
    super(destination);
    const { firstMs, eachMs, totalMs, scheduler = asyncScheduler } = options;
    this.isAlive = options.isAlive;
    this.first = new Alarm(scheduler, () => this.expire(`nothing came within ${firstMs} ms`));
    this.total = new Alarm(scheduler, () => this.expire(`it did not complete within ${totalMs} ms`));
    if (eachMs === undefined) return;
    this.each = new Silence(scheduler, eachMs, () => this.expire(`nothing came for ${eachMs} ms`));
  }

  override start(): void {
    const { firstMs, totalMs } = this.options;
    if (totalMs !== undefined) this.total.set(totalMs);
    if (firstMs !== undefined && !this.alive) this.first.set(firstMs);
    else this.each?.start();
  }

  protected override _next(item: T): void {
    if (this.isAlive === undefined) this.noteLife();
    else if (!this.askForLife(this.isAlive, item)) return;
    this.destination.next(item);
  }

  protected override release(): void {
    this.first.cancel();
    this.total.cancel();
    this.each?.stop();
  }

  /** `false` when the user's function threw and the stage has failed. */
  private askForLife(isAlive: (item: T) => boolean, item: T): boolean {
    try {
      if (isAlive(item)) this.noteLife();
      return true;
    } catch (error) {
      this.fail(callbackError('idleTimeout', error));
      return false;
    }
  }

  private noteLife(): void {
    if (this.alive || !this.first.pending) this.each?.interrupt();
    else this.begin(this.each);
    this.alive = true;
  }

  /** The first sign of life, which `firstMs` waited for: from here on `eachMs` counts. */
  private begin(each: Silence | undefined): void {
    this.first.cancel();
    each?.start();
  }

  private expire(why: string): void {
    const { with: instead } = this.options;
    if (instead === undefined) {
      return this.fail(new StreamError('idle-timeout', `idleTimeout: ${why}`, { operator: 'idleTimeout' }));
    }
    const { destination } = this;
    this.unsubscribe();
    try {
      from(instead()).subscribe(destination);
    } catch (error) {
      destination.error(callbackError('idleTimeout', error));
    }
  }
}
