import type { StepPicture } from './run-picture.js';

/** Most steps that are on the page: more are read by nobody, and cost every frame. */
const most = 200;

/** @internal The steps of a run that are shown, in their order, and how many are not: first those that are over for long. */
export function shownSteps(steps: readonly StepPicture[]): {
  readonly shown: readonly StepPicture[];
  readonly hidden: number;
} {
  let over = steps.length - most;
  if (over <= 0) return { shown: steps, hidden: 0 };
  const left = steps.filter(({ state }) => (state !== 'done' && state !== 'undone') || over-- <= 0);
  const shown = left.slice(-most);
  return { shown, hidden: steps.length - shown.length };
}
