import { asyncScheduler, type SchedulerLike } from 'rxjs';

/** @internal When a `Tail` works. */
export interface TailTiming {
  /** Runs work when the code that is running has returned. */
  readonly soon: (work: () => void) => void;
  /** Runs work when the turn of the event loop is over. */
  readonly turn: (work: () => void) => void;
  /** Runs work so many milliseconds later, one at least. */
  readonly later: (work: () => void, delayMs: number) => void;
  readonly now: () => number;
}

/** @internal The timing of a server: by the event loop and a fine clock, where nobody handed in others. */
export function tailTiming(scheduler: SchedulerLike | undefined): TailTiming {
  const timers = scheduler ?? asyncScheduler;
  return {
    soon: queueMicrotask,
    turn: scheduler === undefined ? endOfTurn() : (work) => void scheduler.schedule(work, 1),
    later: (work, delayMs) => void timers.schedule(work, delayMs),
    now: scheduler === undefined ? () => performance.now() : () => scheduler.now(),
  };
}

function endOfTurn(): TailTiming['turn'] {
  const { setImmediate } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return setImmediate === undefined ? (work) => void setTimeout(work) : (work) => void setImmediate(work);
}
