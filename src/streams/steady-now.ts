import { asyncScheduler, type SchedulerLike } from 'rxjs';

/**
 * Milliseconds that have passed, by a scheduler. `asyncScheduler` would tell the time of day instead: somebody sets that
 * clock, and what was to last an hour is over at once, or never.
 *
 * @internal
 */
export function steadyNow(scheduler: SchedulerLike, clock: Pick<Performance, 'now'> = performance): () => number {
  return scheduler === asyncScheduler ? () => clock.now() : () => scheduler.now();
}
