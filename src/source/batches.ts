import { type Observable, Subject, takeUntil, tap } from 'rxjs';
import { bufferedValuesFrom } from 'rxjs-for-await';
import { checkBound, StreamError } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';

/** Options of {@link toBatches}. */
export interface ToBatchesOptions {
  /** Most items that wait for the consumer; with a `flow`, the window of its lane. */
  readonly capacity: number;
  /** The flow of the pipeline: its sources stop while `capacity` items wait. */
  readonly flow?: Flow;
}

/**
 * Makes an async iterator of everything that has come since the last look: for consumers that write or send many at once.
 * Never empty, nothing lost. Subscribes at the first `next()`; leaving the loop
 * unsubscribes at once. What waits is delivered before the source's error or end.
 *
 * It is `bufferedValuesFrom` of rxjs-for-await with a bound, and with an end that does not wait for the next item.
 *
 * @throws {@link StreamError} from the loop: `overflow` when more than `capacity` wait; with a `flow`, `backpressure-broken`
 *
 * @example
 * for await (const chunks of toBatches(chunks$, { capacity: 1024, flow })) await database.insert(chunks);
 */
export function toBatches<T>(
  source: Observable<T>,
  options: ToBatchesOptions,
): AsyncIterableIterator<T[]> & AsyncDisposable {
  const capacity = checkBound('capacity', options.capacity);
  const shelf = options.flow?.lane({ name: 'toBatches', window: capacity }) ?? new Shelf(capacity);
  const over = new Subject<void>();
  const batches = bufferedValuesFrom(
    source.pipe(
      tap(() => shelf.hold()),
      takeUntil(over),
    ),
  );
  const leave = (): Promise<IteratorResult<T[], undefined>> => {
    shelf.close();
    over.next();
    return batches.return(undefined) as Promise<IteratorResult<T[], undefined>>;
  };
  return {
    next: async () => {
      try {
        const result = (await batches.next()) as IteratorResult<T[], undefined>;
        if (result.done === true) shelf.close();
        else shelf.release(result.value.length);
        return result;
      } catch (error) {
        // What was one too many is held and never taken.
        shelf.close();
        throw error;
      }
    },
    return: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => void (await leave()),
  };
}

/** Where items wait when no flow is told of it. */
class Shelf {
  private held = 0;

  constructor(private readonly capacity: number) {}

  hold(): void {
    if (++this.held <= this.capacity) return;
    const message = `toBatches: ${this.capacity} items wait and the consumer does not take them`;
    throw new StreamError('overflow', message, { operator: 'toBatches' });
  }

  release(count: number): void {
    this.held -= count;
  }

  close(): void {}
}
