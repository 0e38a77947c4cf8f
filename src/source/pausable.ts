import { Observable, type Subscriber } from 'rxjs';
import { callbackError } from '../../operators/operate.js';
import type { Flow } from '../flow/index.js';
import { Ring } from '../../operators/ring.js';
import { checkBound, StreamError } from '../chunk/index.js';

/** What a pausable source tells. */
export interface PausableSink<T> {
  next(item: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** How a source is held. */
export interface Pausable {
  /** No more items, please. Some may be on their way: see {@link FromPausableOptions.slack}. */
  pause(): void;
  /** Go on. */
  resume(): void;
  /** Nobody wants any more. Also called when the source has ended by itself. */
  stop(): void;
}

/** Options of {@link fromPausable}. */
export interface FromPausableOptions<T> {
  /** The flow of the pipeline: it says when the source is to pause. */
  readonly flow: Flow;
  /** What may still come after `pause()`: items, or what `cost` counts. Default 1024. */
  readonly slack?: number;
  /** What an item costs, in the unit of `slack`: bytes, say. Default 1. */
  readonly cost?: (item: T) => number;
}

/**
 * Makes an Observable of a source that pushes and can be paused: a socket, a Node stream, a subscription with `pause`.
 *
 * **Emits** the items, in order.
 * **Errors** as the source does, behind the items that came before; with `overflow` when the source goes on for more than
 * `slack` after it was paused; with `callback-failed` when `start`, `pause`, `resume` or `cost` throws.
 * **Completes** when the source has and all of its items are out.
 * **Holds** at most `slack`, while paused.
 *
 * @param start - begins the source for one subscriber
 *
 * @example
 * fromPausable<Buffer>(({ next, complete, error }) => {
 *   socket.on('data', next).on('end', complete).on('error', error);
 *   return { pause: () => socket.pause(), resume: () => socket.resume(), stop: () => socket.destroy() };
 * }, { flow, slack: 1 << 20, cost: (bytes) => bytes.length });
 */
export function fromPausable<T>(
  start: (sink: PausableSink<T>) => Pausable,
  options: FromPausableOptions<T>,
): Observable<T> {
  const { flow, cost = one } = options;
  const slack = checkBound('slack', options.slack ?? 1024, { infinite: true });
  return new Observable((destination) => {
    const valve = new Valve(destination, flow, slack, cost);
    destination.add(() => valve.close());
    valve.open(start);
  });
}

const one = (): number => 1;

class Valve<T> implements PausableSink<T> {
  private source: Pausable | undefined;
  private readonly queue = new Ring<T>(Infinity);
  private queued = 0;
  private paused = false;
  private pumping = false;
  /** Calls off the wait for the flow. */
  private callOff: (() => void) | undefined;
  private end: { readonly error?: unknown } | undefined;

  constructor(
    private readonly destination: Subscriber<T>,
    private readonly flow: Flow,
    private readonly slack: number,
    private readonly cost: (item: T) => number,
  ) {}

  open(start: (sink: PausableSink<T>) => Pausable): void {
    this.run(() => {
      this.source = start(this);
      if (this.destination.closed) this.source.stop();
      else if (this.paused) this.source.pause();
    });
  }

  /** Bound, all three, so that they can be handed on by themselves. */
  readonly next = (item: T): void => {
    if (this.end !== undefined || this.destination.closed) return;
    this.run(() => {
      this.queued += this.cost(item);
      this.queue.push(item);
      if (this.paused && this.queued > this.slack) throw this.overflow();
    });
    this.pump();
  };

  readonly error = (error: unknown): void => this.finish({ error });

  readonly complete = (): void => this.finish({});

  private finish(end: { readonly error?: unknown }): void {
    this.end ??= end;
    this.pump();
  }

  /** Lets items out while the flow is open. An item that comes meanwhile waits for the loop. */
  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    this.run(() => {
      while (this.queue.length > 0 && this.flow.open && !this.destination.closed) this.emit();
    });
    this.pumping = false;
    if (this.destination.closed) return;
    if (this.queue.length === 0 && this.end !== undefined) return this.last(this.end);
    this.steer();
  }

  private emit(): void {
    const item = this.queue.shift() as T;
    this.queued -= this.cost(item);
    this.flow.emit(this.destination, item);
  }

  private last(end: { readonly error?: unknown }): void {
    if ('error' in end) this.destination.error(end.error);
    else this.destination.complete();
  }

  /** Pauses the source while the flow is shut. */
  private steer(): void {
    const shut = !this.flow.open;
    if (shut) this.await();
    if (shut === this.paused) return;
    this.paused = shut;
    this.run(() => (shut ? this.source?.pause() : this.source?.resume()));
  }

  /** Goes on when the flow opens. It may shut again before all is out that was kept: then it is waited for once more. */
  private await(): void {
    this.callOff ??= this.flow.whenOpen(() => {
      this.callOff = undefined;
      this.pump();
    });
  }

  /** Runs code of the user's. */
  private run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destination.error(callbackError('fromPausable', error));
    }
  }

  private overflow(): StreamError {
    const message = `fromPausable: the source has pushed ${this.queued} since it was paused, more than its slack of ${this.slack}`;
    return new StreamError('overflow', message, { operator: 'fromPausable' });
  }

  close(): void {
    this.callOff?.();
    this.queue.clear();
    const { source } = this;
    this.source = undefined;
    source?.stop();
  }
}
