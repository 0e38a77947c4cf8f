import type { RunEvent } from '../event.js';

/** Takes events, a few at a time: those of one run or of many. */
export interface Subscriber<T = RunEvent> {
  /** Takes the next events, in order; others come when it has done so. One that throws is cut off. */
  take(events: readonly T[]): void | Promise<void>;
  /** Nothing comes any more. */
  close?(): void | Promise<void>;
}
