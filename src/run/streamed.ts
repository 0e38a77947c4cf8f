import { Observable, type Subscriber } from 'rxjs';
import { joinBytes } from '../chunk/index.js';
import { createFlow, type Flow } from '../flow/index.js';
import { fromPull, toAsyncIterable } from '../source/iterable.js';

/** What a step puts out bit by bit, as a type: what a later step gets of it depends on whether that wants a stream. */
export interface Streamed<T> {
  readonly streamed: T;
}

/** A stream that a step is given: to subscribe to, or to loop over. It can be taken once. */
export class StreamInput<T> extends Observable<T> implements AsyncIterable<T> {
  /** @internal @param flow - stops the source, where that can be stopped */
  constructor(
    source: Observable<T>,
    private readonly flow: Flow | undefined,
  ) {
    super((destination: Subscriber<T>) => source.subscribe(destination));
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    // What cannot be stopped is held by the step that puts it out, up to its `maxOutputBytes`: here it only waits.
    return toAsyncIterable<T>(
      this,
      this.flow === undefined ? { capacity: 2 ** 31 } : { capacity: 64, flow: this.flow },
    );
  }
}

/** What a step may answer to put out bit by bit. */
export type StreamLike<T> = Observable<T> | AsyncIterable<T>;

/** @internal Whether what a step has answered comes bit by bit. A text or an array is a value. */
export function isStreamLike(value: unknown): value is StreamLike<unknown> {
  return value instanceof Observable || Symbol.asyncIterator in Object(value);
}

/** @internal A stream for a step to take, that goes no faster than the step where it can be helped. */
export interface Paced {
  readonly items: Observable<unknown>;
  readonly flow: Flow | undefined;
}

/** @internal What a step answered, or the pieces of it, as a stream. */
export function paced(value: StreamLike<unknown> | readonly unknown[]): Paced {
  if (value instanceof Observable) return { items: value, flow: undefined };
  const flow = createFlow();
  return { items: fromPull(value as AsyncIterable<unknown>, { flow }), flow };
}

/** How the pieces of a stream become one value: texts joined, bytes joined, a list of all; or a function. */
export type Assembly = 'text' | 'bytes' | 'list' | ((pieces: readonly unknown[]) => unknown);

/** @internal One value of all pieces. By default what they are says how; of none, it is an empty text. */
export function assembled(pieces: readonly unknown[], assembly?: Assembly): unknown {
  if (typeof assembly === 'function') return assembly(pieces);
  switch (assembly ?? natural(pieces)) {
    case 'text':
      return pieces.join('');
    case 'bytes':
      return joinBytes(pieces as readonly Uint8Array[]);
    case 'list':
      return [...pieces];
  }
}

function natural(pieces: readonly unknown[]): 'text' | 'bytes' | 'list' {
  if (pieces.every((piece) => typeof piece === 'string')) return 'text';
  return pieces.every((piece) => piece instanceof Uint8Array) ? 'bytes' : 'list';
}
