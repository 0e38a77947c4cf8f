import { Observable, Subject, type Subscriber, Subscription, takeUntil } from 'rxjs';
import type { Flow, Lane } from '../flow/index.js';
import { callbackError } from '../../operators/operate.js';
import { Ring } from '../../operators/ring.js';
import { checkBound, kindOf, StreamError } from '../chunk/index.js';

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
  return new Consumer(source, options);
}

const overflows: readonly string[] = ['error', 'drop-oldest', 'drop-newest', 'latest'];

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

class Consumer<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  private readonly items: Ring<T>;
  private readonly waiters: Waiter<T>[] = [];
  private readonly over = new Subject<void>();
  private readonly lane: Lane | undefined;
  private subscribed = false;
  private failure: { readonly error: unknown } | undefined;
  private done = false;

  constructor(
    private readonly source: Observable<T>,
    private readonly options: ToAsyncIterableOptions<T>,
  ) {
    const { capacity, flow, overflow } = options;
    this.lane = flow?.lane({ name: 'toAsyncIterable', window: capacity });
    // The lane has a bound of its own.
    const most = overflow === 'latest' ? 1 : capacity;
    this.items = new Ring(flow === undefined ? most : Infinity);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (!this.subscribed && !this.done) this.subscribe();
    if (this.items.length > 0) {
      const item = this.items.shift() as T;
      this.lane?.release();
      return new Promise((resolve, reject) => this.hand(item, { resolve, reject }));
    }
    if (this.failure !== undefined) {
      const { error } = this.failure;
      this.failure = undefined;
      return Promise.reject(error);
    }
    if (this.done) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  private subscribe(): void {
    this.subscribed = true;
    // Not by unsubscribing: a source that emits while it is being subscribed to could not be stopped.
    this.source.pipe(takeUntil(this.over)).subscribe({
      next: (item) => this.push(item),
      error: (error: unknown) => this.finish({ error }),
      complete: () => this.finish(undefined),
    });
  }

  private push(item: T): void {
    const waiter = this.waiters.shift();
    if (waiter !== undefined) this.hand(item, waiter);
    else if (this.items.full) this.overflow(item);
    else this.keep(item);
  }

  private keep(item: T): void {
    try {
      this.lane?.hold();
      this.items.push(item);
    } catch (error) {
      this.finish({ error });
    }
  }

  private hand(item: T, { resolve, reject }: Waiter<T>): void {
    try {
      this.options.taken?.(item);
      resolve({ done: false, value: item });
    } catch (error) {
      reject(callbackError('toAsyncIterable', error));
      this.close();
    }
  }

  private overflow(item: T): void {
    switch (this.options.overflow ?? 'error') {
      case 'drop-newest':
        return this.options.dropped?.(item);
      case 'drop-oldest':
      case 'latest': {
        const oldest = this.items.shift() as T;
        this.items.push(item);
        return this.options.dropped?.(oldest);
      }
      case 'error': {
        const message = `toAsyncIterable: ${this.items.capacity} items wait and the consumer does not take them`;
        return this.finish({ error: new StreamError('overflow', message, { operator: 'toAsyncIterable' }) });
      }
    }
  }

  private finish(failure: { readonly error: unknown } | undefined): void {
    if (this.done) return;
    this.done = true;
    this.over.next();
    this.lane?.close();
    const [first, ...others] = this.waiters.splice(0);
    if (first === undefined) this.failure = failure;
    else if (failure !== undefined) first.reject(failure.error);
    else others.unshift(first);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  /** Ends it for the consumer: nothing that waits is wanted. */
  private close(): void {
    this.items.clear();
    this.finish(undefined);
    this.failure = undefined;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    this.close();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
