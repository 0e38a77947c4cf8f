import { describe, expect, it } from 'vitest';
import type { StepPicture } from '../../src/components/run-picture.js';
import { shownSteps } from '../../src/components/shown-steps.js';

const steps = (count: number, state: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => ({ id: `${i}`, state: state(i) }) as StepPicture);
const ids = (list: readonly StepPicture[]) => list.map(({ id }) => Number(id));

describe('shownSteps', () => {
  it('are all, where they are few', () => {
    const few = steps(200, () => 'done');
    expect(shownSteps(few)).toEqual({ shown: few, hidden: 0 });
  });

  it('leave out those that were done first', () => {
    const { shown, hidden } = shownSteps(steps(1000, (i) => (i === 3 ? 'failed' : 'done')));
    expect([shown.length, hidden, ids(shown)[0], ids(shown)[1], ids(shown).at(-1)]).toEqual([200, 800, 3, 801, 999]);
  });

  it('are the latest, where more are at work than anybody reads', () => {
    const { shown, hidden } = shownSteps(steps(1000, () => 'working'));
    expect([shown.length, hidden, ids(shown)[0]]).toEqual([200, 800, 800]);
  });
});
