import { isObservable, type Observable } from 'rxjs';
import { unwrap } from '../../operators/unwrap.js';
import { checkBound, kindOf } from '../chunk/index.js';
import type { Flow } from '../flow/index.js';
import { toBatches } from '../source/batches.js';

/** Where the items of a response come from; a function is called with a signal that aborts when the reader has left. */
export type ResponseSource<T> = ItemSource<T> | ((signal: AbortSignal) => ItemSource<T>);

type ItemSource<T> = Observable<T> | AsyncIterable<T> | Iterable<T>;

/** How items are taken from their source. */
export interface ItemOptions {
  /** Most items of an Observable that wait for a slow reader: one more fails the response. Default 1024. */
  readonly capacity?: number;
  /** The flow of the Observable's pipeline: its sources stop while `capacity` items wait. */
  readonly flow?: Flow;
}

/** Items as they come, several at a time where several are there. Whoever leaves need not wait for what is pending. */
export interface Batches<T> {
  next(): Promise<readonly T[] | undefined>;
  leave(): void;
}

/** @internal Takes items from whatever has them. @throws TypeError when `source` is no source */
export function batchesOf<T>(source: ResponseSource<T>, options: ItemOptions): Batches<T> {
  const capacity = checkBound('capacity', options.capacity ?? 1024);
  const controller = new AbortController();
  const items = typeof source === 'function' ? source(controller.signal) : source;
  const batches = isObservable(items) ? pushed(items, { ...options, capacity }) : pulled(items);
  const leave = (): void => {
    controller.abort();
    batches.leave();
  };
  return { next: () => batches.next(), leave };
}

function pushed<T>(source: Observable<T>, options: ItemOptions & { readonly capacity: number }): Batches<T> {
  const batches = toBatches(source.pipe(unwrap()) as Observable<T>, options);
  return {
    next: async () => valueOf(await batches.next()),
    leave: () => void batches.return!(),
  };
}

/** At most this many items of an iterable are taken at once. */
const maxBatch = 64;

function pulled<T>(source: AsyncIterable<T> | Iterable<T>): Batches<T> {
  // A text is iterable, and bytes are, too: nobody who hands them over means their parts.
  if (typeof source === 'string' || source instanceof Uint8Array) return pulled([source as T]);
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(source) as Partial<
    AsyncIterable<T> & Iterable<T>
  >;
  if (typeof later === 'function') {
    const items = later.call(source as AsyncIterable<T>);
    return { next: async () => valueOf(listed(await items.next())), leave: () => letGo(items) };
  }
  if (typeof now !== 'function') {
    throw new TypeError(`source must be an Observable or an iterable, got ${kindOf(source)}`);
  }
  const items = now.call(source as Iterable<T>);
  return { next: async () => someOf(items), leave: () => letGo(items) };
}

function valueOf<T>({ done, value }: IteratorResult<T, unknown>): T | undefined {
  return done === true ? undefined : (value as T);
}

function listed<T>({ done, value }: IteratorResult<T, unknown>): IteratorResult<T[], undefined> {
  return done === true ? { done, value: undefined } : { done: false, value: [value] };
}

function someOf<T>(items: Iterator<T>): readonly T[] | undefined {
  const some: T[] = [];
  while (some.length < maxBatch) {
    const { done, value } = items.next();
    if (done === true) break;
    some.push(value);
  }
  return some.length === 0 ? undefined : some;
}

/** What an iterator throws on its way out concerns nobody any more. */
function letGo(items: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    Promise.resolve(items.return?.()).catch(() => {});
  } catch {
    // As above.
  }
}
