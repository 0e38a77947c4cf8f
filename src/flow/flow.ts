import type { Observer } from 'rxjs';
import { checkBound, StreamError } from '../chunk/index.js';

/** Options of {@link Flow.lane}. */
export interface LaneOptions {
  /** Names the lane in errors and figures. */
  readonly name: string;
  /** What the lane may hold before sources stop: items, or what `cost` counts. Default 64. */
  readonly window?: number;
  /** Sources go on once the lane holds no more than this, below `window`. Default a quarter of it, rounded down. */
  readonly low?: number;
  /**
   * How far beyond the window a lane may get, by what no source can be stopped for: a replay, a batch that a timer lets go,
   * one item that becomes many. More is an error. Default: as much as the window.
   */
  readonly tolerance?: number;
}

/** What one asynchronous stage holds. */
export interface Lane {
  readonly name: string;
  readonly window: number;
  readonly held: number;
  /** Takes note that the stage holds more. @throws {@link BackpressureBrokenError} beyond window and tolerance */
  hold(cost?: number): void;
  /** Takes note that the stage holds less. @throws RangeError when that is more than it holds */
  release(cost?: number): void;
  /** The stage has ended: it holds nothing and stops nobody. */
  close(): void;
}

/** What a flow looks like at a moment. */
export interface FlowStats {
  /** Held in all lanes. */
  readonly held: number;
  /** Held at most, in all lanes together. */
  readonly maxHeld: number;
  /** What lanes got while no source was emitting: from timers, replays, or an operator that breaks the chain. */
  readonly unaccounted: number;
  readonly lanes: readonly Pick<Lane, 'name' | 'window' | 'held'>[];
}

/**
 * Carries backpressure from asynchronous stages to their sources, beside the stream.
 *
 * RxJS pushes, and `next` answers nothing. What can be known is how much every asynchronous stage holds: each has a lane, and
 * a source looks after every item whether one of them is full. Items that a `filter` takes out are never held, items that
 * become many are held as often, and everything between source and stage is ordinary RxJS, as long as it is synchronous.
 */
export interface Flow {
  /** Whether no lane is full: sources may emit. */
  readonly open: boolean;
  readonly stats: FlowStats;
  /** A lane for one more stage. */
  lane(options: LaneOptions): Lane;
  /** Emits an item of a source: what is held meanwhile is accounted for. */
  emit<T>(destination: Pick<Observer<T>, 'next'>, item: T): void;
  /** Calls back once when the flow is open, at once if it is. @returns calls it off */
  whenOpen(callback: () => void): () => void;
}

/** An operator between source and stage holds items back, so that the stage cannot stop the source. */
export class BackpressureBrokenError extends StreamError {
  override readonly name = 'BackpressureBrokenError';

  /** @internal */
  constructor({ name, window }: Pick<Lane, 'name' | 'window'>, held: number, emitting: boolean) {
    const why = emitting
      ? 'one item of the source became more than it tolerates'
      : 'items reach it while no source of the flow emits: an operator before it is asynchronous (delay, observeOn, ' +
        'mergeMap of promises: flowMap takes their place), or a source has no part in the flow';
    super('backpressure-broken', `lane "${name}" holds ${held} with a window of ${window}: ${why}`, { operator: name });
  }
}

/**
 * Makes a flow: hand it to the source and to every asynchronous stage of one pipeline.
 *
 * @example
 * const flow = createFlow();
 * fromPull(pages, { flow }).pipe(
 *   filter(isFresh),
 *   flowMap((page) => summarise(page), { flow, concurrency: 4 }),
 *   drainTo((summary) => send(summary), { flow }),
 * ).subscribe();
 */
export function createFlow(): Flow {
  return new Ledger();
}

class Ledger implements Flow {
  private readonly lanes = new Set<LedgerLane>();
  private readonly waiting = new Set<() => void>();
  private full = 0;
  private emissions = 0;
  private held = 0;
  private maxHeld = 0;
  private unaccounted = 0;

  get open(): boolean {
    return this.full === 0;
  }

  get stats(): FlowStats {
    const { held, maxHeld, unaccounted } = this;
    const lanes = Array.from(this.lanes, ({ name, window, held: inLane }) => ({ name, window, held: inLane }));
    return { held, maxHeld, unaccounted, lanes };
  }

  lane({ name, window = 64, low, tolerance = window }: LaneOptions): Lane {
    checkBound('window', window);
    checkBound('tolerance', tolerance, { min: 0, infinite: true });
    checkBound('low', low ?? 0, { min: 0, max: window - 1 });
    const lane = new LedgerLane(this, name, window, low ?? Math.floor(window / 4), tolerance);
    this.lanes.add(lane);
    return lane;
  }

  emit<T>(destination: Pick<Observer<T>, 'next'>, item: T): void {
    this.emissions++;
    try {
      destination.next(item);
    } finally {
      this.emissions--;
    }
  }

  whenOpen(callback: () => void): () => void {
    if (this.open) {
      callback();
      return () => {};
    }
    const once = (): void => callback();
    this.waiting.add(once);
    return () => void this.waiting.delete(once);
  }

  /** @internal A lane holds more. */
  grew(cost: number): boolean {
    const emitting = this.emissions > 0;
    this.held += cost;
    if (this.held > this.maxHeld) this.maxHeld = this.held;
    if (!emitting) this.unaccounted += cost;
    return emitting;
  }

  /** @internal A lane holds less. */
  shrank(cost: number): void {
    this.held -= cost;
  }

  /** @internal A lane got full. */
  filled(): void {
    this.full++;
  }

  /** @internal A lane is no longer full. */
  emptied(): void {
    this.full--;
    if (this.full > 0) return;
    // Whoever is called may fill a lane again: the others then wait on.
    for (const callback of [...this.waiting]) {
      if (!this.open) return;
      if (this.waiting.delete(callback)) callback();
    }
  }

  /** @internal A lane has closed. */
  left(lane: LedgerLane): void {
    this.lanes.delete(lane);
  }
}

class LedgerLane implements Lane {
  held = 0;
  private isFull = false;
  private closed = false;

  constructor(
    private readonly ledger: Ledger,
    readonly name: string,
    readonly window: number,
    private readonly low: number,
    private readonly tolerance: number,
  ) {}

  hold(cost = 1): void {
    if (this.closed) return;
    // The item that goes beyond is still taken: it may cost more than all the tolerance.
    const beyond = this.held >= this.window + this.tolerance;
    this.held += cost;
    const emitting = this.ledger.grew(cost);
    if (!this.isFull && this.held >= this.window) {
      this.isFull = true;
      this.ledger.filled();
    }
    if (beyond) throw new BackpressureBrokenError(this, this.held, emitting);
  }

  release(cost = 1): void {
    if (this.closed) return;
    if (cost > this.held) throw new RangeError(`lane "${this.name}" holds ${this.held}: cannot release ${cost}`);
    this.held -= cost;
    this.ledger.shrank(cost);
    this.settle();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ledger.left(this);
    this.ledger.shrank(this.held);
    this.held = 0;
    this.settle();
  }

  private settle(): void {
    if (!this.isFull || this.held > this.low) return;
    this.isFull = false;
    this.ledger.emptied();
  }
}
