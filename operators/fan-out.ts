import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { checkBound, StreamError } from '../src/chunk/index.js';
import { Alarm } from './alarm.js';
import { Intake } from './intake.js';
import { operate, Stage } from './operate.js';
import { Replay } from './replay.js';
import { Ring } from './ring.js';

/** What {@link fanOut} keeps for those who come late: at least one bound. */
export interface ReplayOptions<T> {
  /** Most items kept. Default `Infinity`. */
  readonly count?: number;
  /** Most bytes kept. Default `Infinity`. */
  readonly bytes?: number;
  /** How long an item is kept. Default `Infinity`. */
  readonly maxAgeMs?: number;
  /** Bytes an item counts for. Default: its own `size`, 0 where it has none. Called only where `bytes` is given. */
  readonly size?: (item: T) => number;
}

/** Options of {@link fanOut}. */
export interface FanOutOptions<T> {
  /** What a newcomer gets of what was before. Default: nothing. */
  readonly replay?: ReplayOptions<T>;
  /** How long the source is kept running after the last subscriber has left. Default 0. */
  readonly graceMs?: number;
  /** How long the replay and the end are kept after the source has ended. Default 0. */
  readonly retainMs?: number;
  /** Most subscribers at a time. Default `Infinity`. */
  readonly maxSubscribers?: number;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Items that subscribers may feed back before they are delivered. */
const maxFedBack = 65_536;

/**
 * Shares one subscription to the source among all subscribers.
 *
 * The first subscriber starts the source, the last to leave stops it, `graceMs` later. A newcomer gets the replay at once
 * and then what comes, without a gap and without a duplicate. Everyone sees the same order, also when a subscriber feeds
 * the source. What ended is kept for `retainMs`, and for what is left of the grace if nobody was listening: a newcomer then
 * gets the replay and the end. After that the next subscriber starts the source anew.
 *
 * Delivery is a plain loop: a subscriber that throws is dropped alone, and one that works asynchronously is slow only
 * behind its own stages. Give each such one a flow and a `gate` directly behind the hub, which says what its slowness costs:
 *
 * - `gate({ flow, overflow: 'drop-oldest', announce: true })`: itself the oldest items, with a `Gap` in their place;
 * - `gate({ flow })`: itself the subscription, which ends with `overflow`;
 * - `gate({ flow, upstream })`: everyone's pace, `upstream` being the flow of the source. It gets at most `capacity` items
 *   ahead of the slowest, besides the replay and what stages behind the gate hold.
 *
 * - **Emits** every item to everyone at once.
 * - **Errors** with `limit-reached` those beyond `maxSubscribers`; with `overflow` when subscribers have fed back 65 536 items
 *   that could not be delivered yet; with `callback-failed` when `replay.size` throws or gives no number; with the source.
 * - **Completes** with the source.
 * - **Holds** the replay, at most `graceMs` or `retainMs` longer than anybody uses it, and one timer for each of the two
 *   ages that are given. They keep no process alive, on Node and `asyncScheduler`.
 *
 * @example
 * // source                            -a-b-c------d-e|
 * // fanOut({ replay: { count: 2 } })  -a-b-c------d-e|
 * // who comes late                          (bc)--d-e|
 * const shared$ = chunks$.pipe(fanOut({ replay: { count: 1000, bytes: 1_000_000 }, graceMs: 5000 }));
 */
export function fanOut<T>(options: FanOutOptions<T> = {}): MonoTypeOperatorFunction<T> {
  const { replay, graceMs = 0, retainMs = 0, maxSubscribers = Infinity, scheduler = asyncScheduler } = options;
  checkBound('graceMs', graceMs, { min: 0 });
  checkBound('retainMs', retainMs, { min: 0 });
  checkBound('maxSubscribers', maxSubscribers, { infinite: true });
  const newReplay = () => (replay === undefined ? undefined : new Replay('fanOut', replay, scheduler));
  // Checks its bounds now, not when somebody subscribes.
  newReplay();
  return (source) => {
    const hub = new Hub(source, newReplay(), { graceMs, retainMs, maxSubscribers, scheduler });
    return new Observable((subscriber) => hub.join(subscriber));
  };
}

type HubOptions<T> = Required<Omit<FanOutOptions<T>, 'replay'>>;

/** How the source ended. */
interface Ending {
  readonly failed: boolean;
  readonly error?: unknown;
}

class Hub<T> {
  private readonly subscribers = new Set<Subscriber<T>>();
  /** The subscribers as an array, as long as they stay the same. */
  private audience: readonly Subscriber<T>[] | undefined;
  private source: Feed<T> | undefined;
  /** Whether something is being delivered: what comes meanwhile waits, so that everyone sees it in the same order. */
  private busy = false;
  private readonly waiting = new Ring<T>(maxFedBack);
  private ending: Ending | undefined;
  /** Whether the ending has been delivered. */
  private ended = false;
  /** Forgets everything, at the end of the grace or of the retention. */
  private readonly alarm: Alarm;

  constructor(
    private readonly upstream: Observable<T>,
    private readonly replay: Replay<T> | undefined,
    private readonly options: HubOptions<T>,
  ) {
    this.alarm = new Alarm(options.scheduler, () => this.reset(), true);
  }

  join(subscriber: Subscriber<T>): void {
    if (this.ended) {
      this.replayTo(subscriber);
      return end(subscriber, this.ending!);
    }
    if (this.subscribers.size >= this.options.maxSubscribers) return refuse(subscriber, this.options.maxSubscribers);
    this.alarm.cancel();
    this.subscribers.add(subscriber);
    this.audience = undefined;
    subscriber.add(() => this.leave(subscriber));
    this.replayTo(subscriber);
    if (this.source === undefined && !subscriber.closed) this.connect();
  }

  next(item: T): void {
    if (this.busy) return this.wait(item);
    this.busy = true;
    this.deliver(item);
    this.busy = false;
    if (this.waiting.length > 0 || this.ending !== undefined) this.drain();
  }

  end(ending: Ending): void {
    this.ending = ending;
    this.drain();
  }

  private connect(): void {
    // The feed is known before the source is subscribed: so a source that emits at once can be stopped at once.
    operate<T>((destination) => (this.source = new Feed(destination, this)))(this.upstream).subscribe();
  }

  private leave(subscriber: Subscriber<T>): void {
    if (!this.subscribers.delete(subscriber)) return;
    this.audience = undefined;
    if (this.subscribers.size > 0) return;
    if (this.options.graceMs > 0) this.alarm.set(this.options.graceMs);
    else this.reset();
  }

  private wait(item: T): void {
    if (!this.waiting.full) return this.waiting.push(item);
    const message = `fanOut: subscribers fed back more than ${maxFedBack} items before they could be delivered`;
    this.fail(new StreamError('overflow', message, { operator: 'fanOut' }));
  }

  private deliver(item: T): void {
    try {
      this.replay?.push(item);
    } catch (error) {
      return this.fail(error);
    }
    this.audience ??= [...this.subscribers];
    for (const subscriber of this.audience) {
      if (!subscriber.closed) send(subscriber, item);
    }
  }

  private replayTo(subscriber: Subscriber<T>): void {
    const { replay, busy } = this;
    if (replay === undefined) return;
    replay.forget();
    this.busy = true;
    if (subscriber instanceof Intake) subscriber.replaying = true;
    for (let i = 0; i < replay.length && !subscriber.closed; i++) send(subscriber, replay.at(i));
    if (subscriber instanceof Intake) subscriber.replaying = false;
    this.busy = busy;
    this.drain();
  }

  private drain(): void {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length > 0) this.deliver(this.waiting.shift()!);
    this.busy = false;
    if (this.ending !== undefined && !this.ended) this.finish(this.ending);
  }

  /** Ends because of ourselves: what waits comes from a source that no longer counts. */
  private fail(error: unknown): void {
    this.waiting.clear();
    this.ending = { failed: true, error };
    this.source?.unsubscribe();
  }

  private finish(ending: Ending): void {
    const subscribers = [...this.subscribers];
    // Nobody is left before anybody hears of it, so that who subscribes again on hearing it finds a hub in order.
    this.subscribers.clear();
    this.audience = undefined;
    const keepMs = Math.max(this.options.retainMs, this.alarm.pending ? this.alarm.leftMs : 0);
    if (keepMs > 0) this.retain(keepMs);
    else this.reset();
    for (const subscriber of subscribers) end(subscriber, ending);
  }

  private retain(keepMs: number): void {
    this.ended = true;
    this.alarm.set(keepMs);
  }

  private reset(): void {
    const { source } = this;
    this.source = undefined;
    this.ending = undefined;
    this.ended = false;
    this.waiting.clear();
    this.replay?.clear();
    this.alarm.cancel();
    source?.unsubscribe();
  }
}

/** The hub's own subscription to the source. */
class Feed<T> extends Stage<T> {
  constructor(
    destination: Subscriber<T>,
    private readonly hub: Hub<T>,
  ) {
    super(destination);
  }

  protected override _next(item: T): void {
    this.hub.next(item);
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.hub.end({ failed: true, error });
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.hub.end({ failed: false });
  }
}

/** What one subscriber throws is its own affair. RxJS catches what consumers throw; this is for stages that do not. */
function send<T>(subscriber: Subscriber<T>, item: T): void {
  try {
    subscriber.next(item);
  } catch (error) {
    subscriber.error(error);
  }
}

function end(subscriber: Subscriber<unknown>, { failed, error }: Ending): void {
  if (failed) subscriber.error(error);
  else subscriber.complete();
}

function refuse(subscriber: Subscriber<unknown>, limit: number): void {
  const message = `fanOut: there are ${limit} subscribers already, as many as maxSubscribers allows`;
  subscriber.error(new StreamError('limit-reached', message, { operator: 'fanOut' }));
}
