import { Observable, type OperatorFunction } from 'rxjs';
import { drainTo, type DrainToOptions } from '../../operators/drain-to.js';
import { StreamError } from '../chunk/index.js';

/**
 * Something to write to that is closed at the end.
 *
 * @internal
 */
export interface Vessel<T> {
  write(item: T): Promise<unknown>;
  close(): Promise<unknown>;
  /** Gives up what was not taken. */
  abort(reason: unknown): void;
}

/**
 * Writes to a sink as `drainTo` does, and closes it: in order when the source completes, at once when it fails or nobody
 * wants it any more.
 *
 * @internal
 */
export function pour<T>(open: () => Vessel<T>, options: DrainToOptions<T>): OperatorFunction<T, never> {
  return (source) =>
    new Observable<never>((destination) => {
      const vessel = open();
      let over = false;
      const end = (how: () => void): void => {
        over = true;
        how();
      };
      destination.add(() => {
        if (!over) vessel.abort(new StreamError('stream-cancelled', 'nobody wants what is written any more'));
      });
      const fail = (error: unknown): void =>
        end(() => {
          vessel.abort(error);
          destination.error(error);
        });
      const writing = source.pipe(drainTo((item: T) => vessel.write(item), options));
      destination.add(
        writing.subscribe({
          error: fail,
          complete: () => void vessel.close().then(() => end(() => destination.complete()), fail),
        }),
      );
    });
}
