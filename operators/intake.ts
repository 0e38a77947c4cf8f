import type { MonoTypeOperatorFunction } from 'rxjs';
import { LossyStage } from './lossy.js';
import { operate, Stage } from './operate.js';

/**
 * Stands before a stage that has work to do when its source has completed, only to let the source go by then.
 *
 * @internal
 */
export function intake<T>(): MonoTypeOperatorFunction<T> {
  return operate((destination) => new Intake(destination));
}

/**
 * The intake of a stage; a hub that it subscribes to says here what is a replay.
 *
 * @internal
 */
export class Intake<T> extends Stage<T> {
  set replaying(replaying: boolean) {
    const stage: unknown = this.destination;
    if (stage instanceof LossyStage) stage.replaying = replaying;
  }
}
