import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Flow, Lane } from '../flow/index.js';
import { callbackError } from '../../operators/operate.js';
import { checkBound, kindOf, StreamError } from '../chunk/index.js';
import { Consumer, type Waiter } from './consumer.js';

/** What {@link fromPull} pulls from: an iterable, or a function that makes one and may use the signal to stop early. */
export type PullSource<T> = PullIterable<T> | ((signal: AbortSignal) => PullIterable<T>);

type PullIterable<T> = AsyncIterable<T> | Iterable<T>;
type PullIterator<T> = AsyncIterator<T> | Iterator<T>;

/** Options of {@link fromPull}. */
export interface FromPullOptions {
  /** Items after which other work of the event loop gets its turn. Default 1024. */
  readonly maxBurst?: number;
  /** The flow of the pipeline: nothing is pulled while it is shut. Default: the source is pulled as fast as it goes. */
  readonly flow?: Flow;
}

/**
 * Makes an Observable of an async iterable, an iterable, a generator or a function that makes one for each subscriber.
 *
 * Unlike `from(asyncIterable)` it stops at once: unsubscribing aborts the signal and calls the iterator's `return()`, also
 * while an item is being waited for; and a source that always has an item does not starve timers and sockets.
 *
 * **Emits** the items, in order.
 * **Errors** as the source does.
 * **Completes** when the source is done.
 * **Holds** nothing; with a `flow` one item, while another source has shut it.
 *
 * @example
 * fromPull((signal) => tokens(prompt, { signal })).pipe(stamp({ streamId: 'answers/1' }));
 */
export function fromPull<T>(source: PullSource<T>, options: FromPullOptions = {}): Observable<T> {
  const maxBurst = checkBound('maxBurst', options.maxBurst ?? 1024);
  if (typeof source !== 'function') iterationOf(source);
  return new Observable((destination) => {
    const controller = new AbortController();
    const iterable = typeof source === 'function' ? source(controller.signal) : source;
    const iterator = iterationOf(iterable).call(iterable);
    let done = false;
    destination.add(() => {
      controller.abort();
      if (!done) quietly(() => iterator.return?.());
    });
    void pull(iterator, destination, { maxBurst, flow: options.flow, finished: () => (done = true) });
  });
}

async function pull<T>(
  iterator: PullIterator<T>,
  destination: Subscriber<T>,
  { maxBurst, flow, finished }: { maxBurst: number; flow: Flow | undefined; finished: () => void },
): Promise<void> {
  try {
    for (let burst = 1; ; burst++) {
      while (isShut(flow)) {
        await opened(flow!, destination);
        if (destination.closed) return;
      }
      const result = await iterator.next();
      if (result.done === true) break;
      // Another source of the flow may have shut it while the item was on its way.
      while (isShut(flow)) {
        await opened(flow!, destination);
        if (destination.closed) return;
      }
      if (flow === undefined) destination.next(result.value);
      else flow.emit(destination, result.value);
      if (destination.closed) return;
      if (burst % maxBurst !== 0) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (destination.closed) return;
    }
    finished();
    destination.complete();
  } catch (error) {
    finished();
    destination.error(error);
  }
}

/** A look at it that is never taken for granted. */
function isShut(flow: Flow | undefined): boolean {
  return flow !== undefined && !flow.open;
}

/** Resolves when the flow is open, or nobody waits for it any more. */
function opened(flow: Flow, destination: Subscriber<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const waiting = new Subscription(resolve);
    destination.add(waiting);
    waiting.add(flow.whenOpen(() => waiting.unsubscribe()));
  });
}

/** The method that makes an iterator; the asynchronous one where there are both. */
function iterationOf<T>(iterable: PullIterable<T>): () => PullIterator<T> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(iterable) as Partial<
    AsyncIterable<T> & Iterable<T>
  >;
  const iteration = later ?? now;
  if (typeof iteration === 'function') return iteration;
  throw new TypeError(`source must be an iterable or a function that makes one, got ${kindOf(iterable)}`);
}

/** Lets an iterator go. What it throws on the way out concerns nobody any more. */
function quietly(work: () => unknown): void {
  try {
    Promise.resolve(work()).catch(() => {});
  } catch {
    // As above.
  }
}

/** Options of {@link toAsyncIterable}. */
export interface ToAsyncIterableOptions<T> {
  /** Most items that wait for the consumer; with a `flow`, the window of its lane. */
  readonly capacity: number;
  /** The flow of the pipeline: its sources stop while `capacity` items wait. Then `overflow` can only be `error`. */
  readonly flow?: Flow;
  /**
   * What to do with one more: fail with `overflow`, let the oldest or the newest go, or keep only the newest. Default
   * `error`.
   */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest' | 'latest';
  /** Told of every item the consumer takes. */
  readonly taken?: (item: T) => void;
  /** Told of every item that is let go. */
  readonly dropped?: (item: T) => void;
}

/**
 * Makes an async iterator of an Observable, with a bound. Subscribes at the first `next()`; leaving the loop unsubscribes at
 * once, also while an item is being waited for. What waits is delivered before the source's error or end.
 *
 * @example
 * for await (const chunk of toAsyncIterable(chunks$, { capacity: 64 })) await write(chunk.data);
 */
export function toAsyncIterable<T>(
  source: Observable<T>,
  options: ToAsyncIterableOptions<T>,
): AsyncIterableIterator<T> & AsyncDisposable {
  checkBound('capacity', options.capacity);
  const { overflow = 'error' } = options;
  if (!overflows.includes(overflow)) {
    throw new TypeError('overflow must be "error", "drop-oldest", "drop-newest" or "latest"');
  }
  if (options.flow !== undefined && overflow !== 'error') {
    throw new TypeError('overflow must be "error" where a flow stops the sources');
  }
  return new BoundedConsumer(source, options);
}

const overflows: readonly string[] = ['error', 'drop-oldest', 'drop-newest', 'latest'];

/** One that has a bound. */
class BoundedConsumer<T> extends Consumer<T> {
  private readonly lane: Lane | undefined;
  private readonly most: number;

  constructor(
    source: Observable<T>,
    private readonly options: ToAsyncIterableOptions<T>,
  ) {
    super(source, options.taken);
    const { capacity, flow, overflow } = options;
    this.lane = flow?.lane({ name: 'toAsyncIterable', window: capacity });
    // The lane has a bound of its own.
    this.most = flow !== undefined ? Infinity : overflow === 'latest' ? 1 : capacity;
  }

  protected override keep(item: T): void {
    if (this.waiting >= this.most) return this.overflow(item);
    try {
      this.lane?.hold();
      super.keep(item);
    } catch (error) {
      this.finish({ error });
    }
  }

  protected override take(): T {
    this.lane?.release();
    return super.take();
  }

  protected override hand(item: T, waiter: Waiter<T>): void {
    try {
      super.hand(item, waiter);
    } catch (error) {
      waiter.reject(callbackError('toAsyncIterable', error));
      this.close();
    }
  }

  private overflow(item: T): void {
    const { overflow, dropped, capacity } = this.options;
    switch (overflow ?? 'error') {
      case 'drop-newest':
        return dropped?.(item);
      case 'drop-oldest':
      case 'latest': {
        const oldest = this.take();
        super.keep(item);
        return dropped?.(oldest);
      }
      case 'error': {
        const message = `toAsyncIterable: ${capacity} items wait and the consumer does not take them`;
        return this.finish({ error: new StreamError('overflow', message, { operator: 'toAsyncIterable' }) });
      }
    }
  }

  protected override finish(failure: { readonly error: unknown } | undefined): void {
    super.finish(failure);
    this.lane?.close();
  }
}
