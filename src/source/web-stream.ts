import type { Observable, OperatorFunction } from 'rxjs';
import type { DrainToOptions } from '../../operators/drain-to.js';
import type { Flow } from '../flow/index.js';
import { Inlet } from './inlet.js';
import { fromPull, type FromPullOptions, toAsyncIterable, type ToAsyncIterableOptions } from './iterable.js';
import { pour } from './pour.js';

/**
 * Makes an Observable of a web `ReadableStream`, or of a function that makes one for each subscriber. Unsubscribing cancels
 * the stream at once, also while a read is pending.
 *
 * **Emits** the stream's chunks, in order.
 * **Errors** as the stream does; with a `TypeError` when it is locked.
 * **Completes** when the stream closes.
 * **Holds** nothing; with a `flow` nothing is read while it is shut.
 *
 * @example
 * fromReadableStream((await fetch(url)).body!).pipe(transcode(utf8));
 */
export function fromReadableStream<T>(
  stream: ReadableStream<T> | ((signal: AbortSignal) => ReadableStream<T>),
  options: FromPullOptions = {},
): Observable<T> {
  return fromPull<T>((signal) => ({ [Symbol.asyncIterator]: () => reading(open(stream, signal)) }), options);
}

function open<T>(stream: ReadableStream<T> | ((signal: AbortSignal) => ReadableStream<T>), signal: AbortSignal) {
  return typeof stream === 'function' ? stream(signal) : stream;
}

/** Unlike the stream's own iterator, its `return()` does not wait for a read that is pending. */
function reading<T>(stream: ReadableStream<T>): AsyncIterator<T, undefined> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (!done) return { done, value };
      reader.releaseLock();
      return { done, value: undefined };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/**
 * Makes a web `ReadableStream` of an Observable: subscribes at the first read, and takes an item for each read. Cancelling
 * the stream unsubscribes. What waits is delivered before the source's error or end.
 *
 * @example
 * return new Response(toReadableStream(bytes$, { capacity: 64, flow }));
 */
export function toReadableStream<T>(source: Observable<T>, options: ToAsyncIterableOptions<T>): ReadableStream<T> {
  const items = toAsyncIterable(source, options);
  return new ReadableStream<T>(
    {
      pull: async (controller) => {
        const { done, value } = await items.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await items.return!()),
    },
    // Nothing is taken ahead: whatever waits, waits where it is counted.
    { highWaterMark: 0 },
  );
}

/**
 * Writes items to a web `WritableStream`, closes it when the source completes, and aborts it when the source fails or nobody
 * wants it any more. The flow's sources stop while the stream is behind.
 *
 * **Emits** nothing. **Errors** as the stream or the source does. **Completes** when the stream has closed.
 * **Holds** nothing itself: `window` bounds what the stream has not taken.
 */
export function intoWritableStream<T>(
  stream: WritableStream<T>,
  options: DrainToOptions<T>,
): OperatorFunction<T, never> {
  return pour(() => {
    const writer = stream.getWriter();
    // Its failure is heard of by what is being written, or closed.
    writer.closed.catch(() => {});
    return {
      write: (item) => writer.write(item),
      close: () => writer.close(),
      abort: (reason) => void writer.abort(reason).catch(() => {}),
    };
  }, options);
}

/**
 * A web `WritableStream` whose chunks come out as an Observable, for one subscriber. A write is taken when there is a
 * subscriber and the flow is open: until then the writer's `ready` waits. Aborting the stream fails the Observable;
 * unsubscribing makes the next write fail.
 *
 * @example
 * const { writable, items } = fromWritableStream<Uint8Array>({ flow });
 * void response.body!.pipeThrough(new CompressionStream('gzip')).pipeTo(writable);
 */
export function fromWritableStream<T>(options: { readonly flow?: Flow } = {}): {
  readonly writable: WritableStream<T>;
  readonly items: Observable<T>;
} {
  const inlet = new Inlet<T>(options.flow);
  const writable = new WritableStream<T>({
    write: (item) => inlet.put(item),
    close: () => inlet.complete(),
    abort: (reason) => inlet.error(reason),
  });
  return { writable, items: inlet.items };
}
