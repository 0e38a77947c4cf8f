import { type Observable, Subject, takeUntil } from 'rxjs';

/** @internal Somebody who waits for an item. */
export interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An Observable taken item by item. Subscribes at the first `next()`; leaving it unsubscribes at once, also while an item is
 * waited for. What waits is delivered before the source's error or end. It keeps whatever comes: the bound is the source's
 * business, or that of who builds on this, such as `toAsyncIterable`.
 *
 * @internal
 */
export class Consumer<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  // A queue of two: what came, and what leaves next, oldest last. No item is moved more than once.
  #incoming: T[] = [];
  #outgoing: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #over = new Subject<void>();
  #subscribed = false;
  #failure: { readonly error: unknown } | undefined;
  #done = false;

  readonly #source: Observable<T>;
  readonly #taken: ((item: T) => void) | undefined;

  /** @param taken - told of every item that is taken */
  constructor(source: Observable<T>, taken?: (item: T) => void) {
    this.#source = source;
    this.#taken = taken;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (!this.#subscribed && !this.#done) this.#subscribe();
    return new Promise((resolve, reject) => this.#answer({ resolve, reject }));
  }

  #subscribe(): void {
    this.#subscribed = true;
    // Not by unsubscribing: a source that emits while it is being subscribed to could not be stopped.
    this.#source.pipe(takeUntil(this.#over)).subscribe({
      next: (item) => {
        const waiter = this.#waiters.shift();
        if (waiter === undefined) this.keep(item);
        else this.hand(item, waiter);
      },
      error: (error: unknown) => this.finish({ error }),
      complete: () => this.finish(undefined),
    });
  }

  #answer(waiter: Waiter<T>): void {
    if (this.waiting > 0) return this.hand(this.take(), waiter);
    if (!this.#done) return void this.#waiters.push(waiter);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(failure.error);
  }

  /** How many items wait to be taken. */
  protected get waiting(): number {
    return this.#incoming.length + this.#outgoing.length;
  }

  /** Keeps an item that nobody waits for. */
  protected keep(item: T): void {
    this.#incoming.push(item);
  }

  /** Takes the oldest item that waits. */
  protected take(): T {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.toReversed();
      this.#incoming = [];
    }
    return this.#outgoing.pop() as T;
  }

  protected hand(item: T, { resolve }: Waiter<T>): void {
    this.#taken?.(item);
    resolve({ done: false, value: item });
  }

  /** Nothing more comes. */
  protected finish(failure: { readonly error: unknown } | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#failure = failure;
    this.#over.next();
    for (const waiter of this.#waiters.splice(0)) this.#answer(waiter);
  }

  /** Ends it for the consumer: nothing that waits is wanted. */
  protected close(): void {
    this.#incoming = [];
    this.#outgoing = [];
    this.finish(undefined);
    this.#failure = undefined;
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
