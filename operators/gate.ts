import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkBound, type Gap, kindOf } from '../src/chunk/index.js';
import type { Flow, Lane } from '../src/flow/index.js';
import type { OverflowOptions } from './backpressure.js';
import { intake } from './intake.js';
import { LossyStage } from './lossy.js';
import { operate } from './operate.js';
import { Ring } from './ring.js';
import { checkOverflow, type WaitingRules } from './waiting-line.js';

/** Options of {@link gate}: besides the flows, what becomes of an item when as many wait as may. */
export interface GateOptions<T = unknown> extends OverflowOptions<T> {
  /** The flow of the stages behind the gate: while it is shut, items wait. */
  readonly flow: Flow;
  /**
   * The flow of the sources: they stop while `capacity` items wait, and nothing is lost. Then `overflow` can only be
   * `error`. Default: none, the sources go on.
   */
  readonly upstream?: Flow;
}

/**
 * Lets items wait while the stages behind it are busy, and decides what becomes of those that come meanwhile: one consumer's
 * own pace, where the source is not its own.
 *
 * Behind `fanOut`, each slow subscriber has a gate and a flow of its own, and chooses what its slowness costs: itself the
 * oldest items (`drop-oldest`, with `announce` a `Gap` in their place), itself the subscription (`error`), or everyone's pace
 * (`upstream`).
 *
 * It treats every item alike: put it behind `unwrap` when notices travel with the chunks.
 *
 * - **Emits** every item, at once while the flow is open; with `announce` a `Gap` for what was dropped.
 * - **Errors** with `overflow` when as many wait as may and nothing may be lost, or merged; with `backpressure-broken` when as
 *   many again come from sources that `upstream` does not stop; with `callback-failed` when `merge` throws; with the source.
 *   What waits is given up.
 * - **Completes** when the source has and nothing waits.
 * - **Holds** at most `capacity` items, twice as many with `upstream`, and the replay it began with.
 *
 * @example
 * // source                                                   abcdef|
 * // gate({ flow, capacity: 2, overflow: 'drop-oldest' })     a---d---e---(f|)     4 ms of work for each
 * const flow = createFlow();
 * shared$.pipe(
 *   gate({ flow, capacity: 64, overflow: 'drop-oldest', announce: true }),
 *   flowMap((chunk) => render(chunk), { flow, window: 1 }),
 * );
 */
export function gate<T>(options: GateOptions<NoInfer<T>> & { readonly announce?: false }): OperatorFunction<T, T>;
export function gate<T>(options: GateOptions<NoInfer<T>>): OperatorFunction<T, T | Gap>;
export function gate<T>(options: GateOptions<T>): OperatorFunction<T, T | Gap> {
  const { flow, upstream } = options;
  if (typeof flow?.whenOpen !== 'function') throw new TypeError(`flow must be a flow, got ${kindOf(flow)}`);
  const rules = checkOverflow(options);
  if (upstream !== undefined) checkUpstream(options, rules);
  const stage = operate<T, T | Gap>((destination) => new Gate(destination, rules, flow, upstream));
  return (source) => stage(intake<T>()(source));
}

function checkUpstream<T>({ flow, upstream }: GateOptions<T>, { overflow, capacity }: WaitingRules<T>): void {
  if (overflow !== 'error') throw new TypeError('overflow must be "error" where upstream stops the sources');
  checkBound('capacity', capacity);
  // What waits would keep shut what it waits for.
  if (upstream === flow) throw new TypeError('upstream must be another flow than the one behind the gate');
}

class Gate<T> extends LossyStage<T> {
  private readonly lane: Lane | undefined;
  /** Gaps at one place, a stream each, that are to be emitted before the first that waits. */
  private readonly gaps = new Ring<Gap>(Infinity);
  private draining = false;
  private completed = false;
  /** Calls off the wait for the flow. */
  private callOff: (() => void) | undefined;

  constructor(
    destination: Subscriber<T | Gap>,
    rules: WaitingRules<T>,
    private readonly flow: Flow,
    upstream: Flow | undefined,
  ) {
    // The lane has a bound of its own.
    super(destination, 'gate', upstream === undefined ? rules : { ...rules, capacity: Infinity });
    this.lane = upstream?.lane({ name: 'gate', window: rules.capacity });
  }

  protected override _next(item: T): void {
    if (this.draining || !this.flow.open || !this.idle) this.hold(item);
    else this.pass(item);
    this.drain();
  }

  protected override _complete(): void {
    this.completed = true;
    this.drain();
  }

  protected override release(): void {
    super.release();
    this.gaps.clear();
    this.callOff?.();
    this.lane?.close();
  }

  /** Emits an item that nothing waits before. */
  private pass(item: T): void {
    this.draining = true;
    this.flow.emit(this.destination, item);
    this.draining = false;
  }

  private get idle(): boolean {
    return this.gaps.length === 0 && this.line.empty;
  }

  private hold(item: T): void {
    try {
      if (!this.replaying) this.lane?.hold();
    } catch (error) {
      return this.fail(error);
    }
    this.wait(item);
  }

  /** Emits what may go now. A loop, because what comes meanwhile would otherwise overtake, or pile up on the stack. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    while (this.flow.open && !this.idle && !this.closed) this.step();
    this.draining = false;
    if (this.closed) return;
    if (!this.idle) this.await();
    else if (this.completed) super._complete();
  }

  /** Emits the first that waits, or what was lost before it. */
  private step(): void {
    if (this.gaps.length === 0) this.takeGaps().forEach((gap) => this.gaps.push(gap));
    if (this.gaps.length > 0) this.flow.emit(this.destination, this.gaps.shift() as Gap);
    // What has no number was lost without a gap: there may be nothing at all.
    else if (this.line.length > 0) this.flow.emit(this.destination, this.take());
  }

  private take(): T {
    const counted = this.line.replayed === 0;
    const item = this.line.take();
    if (counted) this.lane?.release();
    return item;
  }

  private await(): void {
    this.callOff ??= this.flow.whenOpen(() => {
      this.callOff = undefined;
      this.drain();
    });
  }
}
