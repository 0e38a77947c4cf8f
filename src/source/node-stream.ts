import { Readable, Writable } from 'node:stream';
import type { Observable, OperatorFunction } from 'rxjs';
import type { DrainToOptions } from '../../operators/drain-to.js';
import { createFlow, type Flow } from '../flow/index.js';
import { StreamError } from '../chunk/index.js';
import { Inlet } from './inlet.js';
import { toAsyncIterable, type ToAsyncIterableOptions } from './iterable.js';
import { fromPausable, type FromPausableOptions } from './pausable.js';
import { pour } from './pour.js';

/** Options of {@link fromReadable}: as of `fromPausable`, the flow being optional. */
export type FromReadableOptions<T> = Partial<FromPausableOptions<T>>;

/**
 * Makes an Observable of a Node `Readable`: a file, a socket, a request. Unsubscribing destroys it at once.
 *
 * **Emits** the stream's chunks, in order.
 * **Errors** as the stream does; with `connection-lost` when it closes without having ended.
 * **Completes** when the stream ends.
 * **Holds** at most `slack`, while the flow is shut and the stream paused.
 *
 * @example
 * fromReadable<Buffer>(createReadStream('book.txt'), { flow }).pipe(transcode(utf8));
 */
export function fromReadable<T>(stream: Readable, options: FromReadableOptions<T> = {}): Observable<T> {
  return fromPausable<T>(
    ({ next, error, complete }) => {
      const closed = (): void => error(lost());
      // Destroyed by us, it may still fail: that concerns nobody.
      stream.on('data', next).on('error', error).once('end', complete).once('close', closed);
      // A stream that is over says so no more.
      if (stream.readableEnded) complete();
      else if (stream.destroyed) error(stream.errored ?? lost());
      return {
        pause: () => void stream.pause(),
        resume: () => void stream.resume(),
        stop: () => {
          stream.off('data', next).off('close', closed);
          stream.destroy();
        },
      };
    },
    { ...options, flow: options.flow ?? createFlow() },
  );
}

const lost = (): StreamError => new StreamError('connection-lost', 'the stream was closed before its end');

/**
 * Makes a Node `Readable` of an Observable: subscribes at the first read, and takes an item for each. Destroying the stream
 * unsubscribes. What waits is delivered before the source's error or end.
 *
 * @param options - `capacity` and `flow` as of `toAsyncIterable`; `objectMode` for items that are neither text nor bytes
 */
export function toReadable<T>(
  source: Observable<T>,
  options: ToAsyncIterableOptions<T> & { readonly objectMode?: boolean },
): Readable {
  const items = toAsyncIterable(source, options);
  const { objectMode = false } = options;
  const give = ({ done, value }: IteratorResult<T, undefined>): void => {
    if (done === true) readable.push(null);
    // Node does not ask for more behind a part without bytes.
    else if (!objectMode && (value as { length?: number }).length === 0) take();
    else readable.push(value);
  };
  const take = (): void => void items.next().then(give, (error: Error) => readable.destroy(error));
  const readable: Readable = new Readable({
    objectMode,
    // Nothing is taken ahead: whatever waits, waits where it is counted.
    highWaterMark: 0,
    read: take,
    destroy: (error, done) => {
      void items.return!();
      done(error);
    },
  });
  return readable;
}

/**
 * Writes items to a Node `Writable`, ends it when the source completes, and destroys it when the source fails or nobody
 * wants it any more. The flow's sources stop while the stream is behind.
 *
 * **Emits** nothing. **Errors** as the stream or the source does. **Completes** when the stream has finished.
 * **Holds** nothing itself: `window` bounds what the stream has not taken.
 */
export function intoWritable<T>(stream: Writable, options: DrainToOptions<T>): OperatorFunction<T, never> {
  return pour(() => {
    // Its failure is heard of by what is being written, or closed; without a listener it would end the process.
    stream.on('error', () => {});
    return {
      write: (item) => settled((done) => stream.write(item, done)),
      close: () => settled((done) => stream.end(done)),
      abort: (reason) => void stream.destroy(reason as Error),
    };
  }, options);
}

function settled(work: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
}

/**
 * A Node `Writable` whose chunks come out as an Observable, for one subscriber. A write is taken when there is a subscriber
 * and the flow is open; until then `write()` answers `false` and `drain` waits. Destroying the stream fails the
 * Observable; unsubscribing makes the next write fail.
 */
export function fromWritable<T>(options: { readonly flow?: Flow; readonly objectMode?: boolean } = {}): {
  readonly writable: Writable;
  readonly items: Observable<T>;
} {
  const inlet = new Inlet<T>(options.flow);
  const done = (work: Promise<void>, callback: (error?: Error | null) => void): void =>
    void work.then(() => callback(), callback);
  const writable = new Writable({
    objectMode: options.objectMode ?? false,
    highWaterMark: 1,
    write: (item: T, _, callback) => done(inlet.put(item), callback),
    final: (callback) => done(inlet.complete(), callback),
    destroy: (error, callback) => {
      inlet.error(error ?? lost());
      callback(error);
    },
  });
  return { writable, items: inlet.items };
}
