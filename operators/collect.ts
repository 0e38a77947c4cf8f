import type { OperatorFunction, Subscriber } from 'rxjs';
import { checkBound, joinBytes, kindOf, StreamError, utf8Length } from '../src/chunk/index.js';
import { operate, Stage } from './operate.js';

/** Options of {@link collect}. */
export interface CollectOptions {
  /** `array` of the items, or the items joined: strings as `text`, byte arrays as `bytes`. Default `array`. */
  readonly as?: 'array' | 'text' | 'bytes';
  /** Most items of an `array`. Default 100 000. */
  readonly maxItems?: number;
  /** Most bytes of `bytes`, and of the UTF-8 of a `text`. Default 64 MiB. */
  readonly maxBytes?: number;
}

/**
 * Waits for the end and emits all that came at once, within a bound: what `toArray` lacks.
 *
 * - **Emits** once, before the completion: the items, or what they are joined; also where there were none.
 * - **Errors** with `overflow` beyond `maxItems` or `maxBytes`; with `data-malformed` on an item that is no string, or no
 *   bytes, where they are joined; with the source. Nothing is emitted then.
 * - **Completes** with the source.
 * - **Holds** `maxItems` items, or `maxBytes` bytes.
 *
 * @example
 * // source                   -a-b-c|
 * // collect()                ------(x|)   x: [a, b, c]
 * // collect({ as: 'text' })  ------(y|)   y: 'abc'
 * const answer = await firstValueFrom(tokens$.pipe(collect({ as: 'text', maxBytes: 100_000 })));
 */
export function collect(options: CollectOptions & { readonly as: 'text' }): OperatorFunction<string, string>;
export function collect(options: CollectOptions & { readonly as: 'bytes' }): OperatorFunction<Uint8Array, Uint8Array>;
export function collect<T>(options?: CollectOptions & { readonly as?: 'array' }): OperatorFunction<T, T[]>;
export function collect(options: CollectOptions = {}): OperatorFunction<never, unknown> {
  const { as = 'array', maxItems = 100_000, maxBytes = 2 ** 26 } = options;
  if (as !== 'array' && as !== 'text' && as !== 'bytes') throw new TypeError('as must be "array", "text" or "bytes"');
  checkBound('maxItems', maxItems, { infinite: true });
  checkBound('maxBytes', maxBytes, { infinite: true });
  switch (as) {
    case 'array':
      return operate((destination) => new Collect(destination, array, maxItems));
    case 'text':
      return operate((destination) => new Collect(destination, text, maxBytes));
    case 'bytes':
      return operate((destination) => new Collect(destination, bytes, maxBytes));
  }
}

/** What is made of the items at the end, and what bounds them until then. */
interface Way<T> {
  readonly bound: 'maxItems' | 'maxBytes';
  /** How much of the bound an item takes; `undefined` when it is none of the kind. */
  weigh(item: T): number | undefined;
  join(items: T[]): unknown;
  /** What an item must be. */
  readonly kind: string;
}

const array: Way<unknown> = { bound: 'maxItems', kind: 'anything', weigh: () => 1, join: (items) => items };
const text: Way<string> = {
  bound: 'maxBytes',
  kind: 'a string',
  weigh: (item) => (typeof item === 'string' ? utf8Length(item) : undefined),
  join: (items) => items.join(''),
};
const bytes: Way<Uint8Array> = {
  bound: 'maxBytes',
  kind: 'bytes',
  weigh: (item) => (item instanceof Uint8Array ? item.length : undefined),
  join: (items) => joinBytes(items),
};

const operator = 'collect';

class Collect<T> extends Stage<T, unknown> {
  private items: T[] = [];
  private weight = 0;

  constructor(
    destination: Subscriber<unknown>,
    private readonly way: Way<T>,
    private readonly most: number,
  ) {
    super(destination);
  }

  protected override _next(item: T): void {
    const { way, most } = this;
    const weight = way.weigh(item);
    if (weight === undefined) {
      const message = `collect: an item must be ${way.kind}, got ${kindOf(item)}`;
      return this.fail(new StreamError('data-malformed', message, { operator }));
    }
    this.weight += weight;
    if (this.weight > most) {
      return this.fail(new StreamError('overflow', `collect: more than ${way.bound} = ${most} came`, { operator }));
    }
    this.items.push(item);
  }

  protected override _complete(): void {
    const { items } = this;
    this.items = [];
    this.destination.next(this.way.join(items));
    if (!this.closed) super._complete();
  }

  protected override release(): void {
    this.items = [];
  }
}
