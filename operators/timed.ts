import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { Stage } from './operate.js';

/**
 * A stage whose timers run from the moment it is subscribed.
 *
 * @internal
 */
export abstract class TimedStage<T, R = T> extends Stage<T, R> {
  /** Arms the timers. Runs when the source has been subscribed, unless the stage has ended by then. */
  abstract start(): void;
}

/**
 * Like `operate`, and starts the stage behind the subscription of its source: so an item that comes in the same
 * millisecond as a deadline wins.
 *
 * @internal
 */
export function operateTimed<T, R = T>(
  stage: (destination: Subscriber<R>) => TimedStage<T, R>,
): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((destination) => {
      // As in `operate`: a closed destination would release the stage half made.
      if (destination.closed) return;
      const timed = stage(destination);
      source.subscribe(timed);
      if (!timed.closed) timed.start();
    });
}
