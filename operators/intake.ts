import type { MonoTypeOperatorFunction } from 'rxjs';
import { operate, Stage } from './operate.js';

/**
 * Stands before a stage that has work to do when its source has completed, only to let the source go by then.
 *
 * @internal
 */
export function intake<T>(): MonoTypeOperatorFunction<T> {
  return operate((destination) => new Intake(destination));
}

class Intake<T> extends Stage<T> {}
