import type { OperatorFunction, Subscriber } from 'rxjs';
import type { Flow, Lane, LaneOptions } from '../src/flow/index.js';
import { callbackError, operate, Stage } from './operate.js';

/** Options of {@link drainTo}. */
export interface DrainToOptions<T> extends Partial<LaneOptions> {
  /** The flow of the pipeline: its sources stop while the sink is behind. */
  readonly flow: Flow;
  /** What an item costs, in the unit of `window`: bytes, say. Default 1. */
  readonly cost?: (item: T) => number;
}

/** Writes an item; what it answers settles when the sink has taken it. Without an answer it is taken at once. */
export type Write<T> = (item: T) => PromiseLike<unknown> | void;

/**
 * Writes items to a sink, and stops the flow's sources while the sink is behind. Writing does not wait for what was written
 * before: the window says how much may be on its way.
 *
 * - **Emits** nothing.
 * - **Errors** with what `write` rejects with; with `callback-failed` when `write` or `cost` throws; with
 *   `backpressure-broken` when items come that no source could be stopped for, beyond the tolerance; with the source.
 * - **Completes** when the source has and everything is taken.
 * - **Holds** nothing itself: `window` and `tolerance` bound what the sink holds.
 *
 * @example
 * // source                     ab-----|
 * // drainTo(3 ms, { flow })    -------|
 * chunks$.pipe(drainTo((chunk) => writer.write(chunk.data), { flow, window: 1 << 20, cost: (chunk) => chunk.size }));
 */
export function drainTo<T>(write: Write<T>, options: DrainToOptions<T>): OperatorFunction<T, never> {
  const { flow, cost = one, name = 'drainTo', ...lane } = options;
  return operate((destination) => new DrainTo(destination, flow.lane({ name, ...lane }), write, cost));
}

const one = (): number => 1;

class DrainTo<T> extends Stage<T, never> {
  private writing = 0;
  private completed = false;

  constructor(
    destination: Subscriber<never>,
    private readonly lane: Lane,
    private readonly write: Write<T>,
    private readonly cost: (item: T) => number,
  ) {
    super(destination);
  }

  protected override _next(item: T): void {
    const { lane } = this;
    let cost: number;
    let taken: PromiseLike<unknown> | void;
    try {
      cost = this.cost(item);
      lane.hold(cost);
      taken = this.write(item);
    } catch (error) {
      return this.fail(callbackError(lane.name, error));
    }
    if (taken === undefined) return lane.release(cost);
    this.writing++;
    taken.then(
      () => this.taken(cost),
      (error: unknown) => this.fail(error),
    );
  }

  protected override _complete(): void {
    this.completed = true;
    if (this.writing === 0) super._complete();
  }

  protected override release(): void {
    this.lane.close();
  }

  private taken(cost: number): void {
    if (this.closed) return;
    this.writing--;
    this.lane.release(cost);
    if (this.completed && this.writing === 0) super._complete();
  }
}
