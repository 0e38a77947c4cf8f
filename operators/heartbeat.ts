import { asyncScheduler, type OperatorFunction, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { callbackError } from './operate.js';
import { Silence } from './silence.js';
import { operateTimed, TimedStage } from './timed.js';

/** Options of {@link heartbeat}. */
export interface HeartbeatOptions<H> {
  /** Longest silence. */
  readonly everyMs: number;
  /** Makes a heartbeat. */
  readonly make: () => H;
  /** Whether to be exact, at the price of reading the clock for every item. Default `false`: up to a sixteenth late. */
  readonly precise?: boolean;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Fills silence: where nothing came for `everyMs`, it emits what `make` makes, and again after as long.
 *
 * - **Emits** every item at once; a heartbeat `everyMs` after the last item or heartbeat, up to `everyMs / 16` late (exact
 *   when `precise`, or when `everyMs` is at most 16).
 * - **Errors** with `callback-failed` when `make` throws; with the source.
 * - **Completes** with the source.
 * - **Holds** nothing, and one timer.
 *
 * @example
 * // source                      --a------b|
 * // heartbeat({ everyMs: 3 })   --a--H--Hb|     H: what make() gives
 * chunks$.pipe(heartbeat({ everyMs: 5000, make: () => new Mark('books/moby-dick', next) }));
 */
export function heartbeat<T, H>(options: HeartbeatOptions<H>): OperatorFunction<T, T | H> {
  checkBound('everyMs', options.everyMs);
  const { precise = false } = options;
  return operateTimed<T, T | H>((destination) =>
    precise ? new PreciseHeartbeat(destination, options) : new CheapHeartbeat(destination, options),
  );
}

abstract class Heartbeat<T, H> extends TimedStage<T, T | H> {
  protected readonly scheduler: SchedulerLike;

  constructor(
    destination: Subscriber<T | H>,
    protected readonly options: HeartbeatOptions<H>,
  ) {
    super(destination);
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  protected beat(): void {
    let made: H;
    try {
      made = this.options.make();
    } catch (error) {
      return this.fail(callbackError('heartbeat', error));
    }
    this.destination.next(made);
  }
}

class CheapHeartbeat<T, H> extends Heartbeat<T, H> {
  private readonly silence = new Silence(this.scheduler, this.options.everyMs, () => this.beat());

  override start(): void {
    this.silence.start();
  }

  protected override _next(item: T): void {
    this.silence.interrupt();
    this.destination.next(item);
  }

  protected override release(): void {
    this.silence.stop();
  }
}

class PreciseHeartbeat<T, H> extends Heartbeat<T, H> {
  private readonly alarm = new Alarm(this.scheduler, () => {
    this.start();
    this.beat();
  });

  override start(): void {
    this.alarm.set(this.options.everyMs);
  }

  protected override _next(item: T): void {
    this.start();
    this.destination.next(item);
  }

  protected override release(): void {
    this.alarm.cancel();
  }
}
