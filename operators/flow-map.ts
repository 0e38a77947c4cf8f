import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkBound } from '../src/chunk/index.js';
import type { Flow, Lane, LaneOptions } from '../src/flow/index.js';
import { Job, type JobOwner, type Work } from './job.js';
import { operate, Stage } from './operate.js';
import { Ring } from './ring.js';

/** Options of {@link flowMap}. */
export interface FlowMapOptions extends Partial<LaneOptions> {
  /** The flow of the pipeline: its sources stop while the work is behind. */
  readonly flow: Flow;
  /** Items worked on at a time; no more than the window, whose default is 64 or as many as this. Default 1. */
  readonly concurrency?: number;
  /** Whether results come in the order of their items. Default `true`. */
  readonly ordered?: boolean;
}

/**
 * Works on items asynchronously, and stops the flow's sources while it is behind: the one asynchronous stage through which
 * backpressure reaches them. Nothing is lost.
 *
 * - **Emits** the results of `project`: in the order of the items, or as they are ready with `ordered: false`.
 * - **Errors** with `backpressure-broken` when items come that no source could be stopped for, beyond the tolerance; with
 *   `callback-failed` when `project` throws or gives nothing to subscribe to; with what it gave; with the source. What
 *   waits and runs is given up.
 * - **Completes** when the source has and everything is done.
 * - **Holds** at most `window` and `tolerance` items and results: what waits, what is in work, and results whose turn has not
 *   come.
 *
 * @example
 * // source                                   abc-------|
 * // flowMap(3 ms, { flow, concurrency: 2 })  ---ab-c---|
 * pages$.pipe(flowMap((page, { signal }) => summarise(page, signal), { flow, concurrency: 4 }));
 */
export function flowMap<T, R>(project: Work<T, R>, options: FlowMapOptions): OperatorFunction<T, R> {
  const { flow, concurrency = 1, ordered = true, name = 'flowMap', ...lane } = options;
  checkBound('concurrency', concurrency, { infinite: true });
  // As many as may be worked on at a time must fit.
  const window = Number.isFinite(concurrency) ? Math.max(64, concurrency) : 64;
  const settings = { project, concurrency, ordered: ordered && concurrency > 1, lane: { name, window, ...lane }, flow };
  return operate((destination) => new FlowMap(destination, settings));
}

interface Settings<T, R> {
  readonly project: Work<T, R>;
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly flow: Flow;
  readonly lane: LaneOptions;
}

class FlowMap<T, R> extends Stage<T, R> {
  private readonly lane: Lane;
  private readonly queue = new Ring<T>(Infinity);
  /** Work in the order of its items, with the results that wait for their turn; empty where order does not matter. */
  private readonly turns = new Ring<OrderedJob<R>>(Infinity);
  private running = 0;
  private draining = false;
  private advancing = false;
  private completed = false;

  constructor(
    destination: Subscriber<R>,
    private readonly settings: Settings<T, R>,
  ) {
    super(destination);
    this.lane = settings.flow.lane(settings.lane);
  }

  protected override _next(item: T): void {
    if (!this.hold()) return;
    this.queue.push(item);
    this.drain();
  }

  protected override _complete(): void {
    this.completed = true;
    this.drain();
  }

  protected override release(): void {
    this.queue.clear();
    this.turns.clear();
    this.lane.close();
  }

  /** Takes note of one more item or result. Answers whether that is still allowed. */
  hold(): boolean {
    try {
      this.lane.hold();
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** The work on one item is done. */
  done(): void {
    this.running--;
    if (this.settings.ordered) this.advance();
    else this.lane.release();
    this.drain();
  }

  /** The work on one item has failed. */
  failed(error: unknown): void {
    this.fail(error);
  }

  /** Whether a result need not wait: those of all items before it are out, and none of its own item's is waiting. */
  isNext(job: OrderedJob<R>): boolean {
    return !this.advancing && this.turns.at(0) === job;
  }

  /** Begins what can be begun. A loop, because work that is done at once would otherwise pile up on the stack. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    while (this.running < this.settings.concurrency && this.queue.length > 0 && !this.closed) this.begin();
    this.draining = false;
    if (this.completed && this.running + this.turns.length === 0 && !this.closed) super._complete();
  }

  private begin(): void {
    this.running++;
    const { lane, project } = this.settings;
    try {
      this.job().start(lane.name, project, this.queue.shift() as T);
    } catch (error) {
      this.fail(error);
    }
  }

  private job(): Job<R> {
    if (!this.settings.ordered) return new Job(this.destination, this);
    const job = new OrderedJob<R>(this.destination, this);
    this.turns.push(job);
    return job;
  }

  /** Emits what has its turn now. A result that comes meanwhile waits for the loop. */
  private advance(): void {
    if (this.advancing) return;
    this.advancing = true;
    for (let first = this.turns.at(0); first !== undefined && this.flush(first); first = this.turns.at(0)) {
      this.turns.shift();
      this.lane.release();
    }
    this.advancing = false;
  }

  /** Emits what the first one has ready. Answers whether that was all of it. */
  private flush(job: OrderedJob<R>): boolean {
    while (job.waiting.length > 0 && !this.closed) {
      const result = job.waiting.shift() as R;
      this.lane.release();
      this.destination.next(result);
    }
    return job.finished && !this.closed;
  }
}

/** Work whose results wait until those of all items before it are out. */
class OrderedJob<R> extends Job<R> {
  readonly waiting = new Ring<R>(Infinity);
  finished = false;

  constructor(
    destination: Subscriber<R>,
    private readonly stage: JobOwner & Pick<FlowMap<never, R>, 'isNext' | 'hold'>,
  ) {
    super(destination, stage);
  }

  protected override _next(result: R): void {
    if (this.stage.isNext(this)) this.destination.next(result);
    else if (this.stage.hold()) this.waiting.push(result);
  }

  protected override _complete(): void {
    this.finished = true;
    super._complete();
  }
}
