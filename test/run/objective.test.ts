import type { Objective } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { ObjectiveWatch, type Sample } from '../../src/run/objective.js';

const step = (succeeded: boolean): Sample => ({ of: 'step', succeeded });
const call = (ms: number): Sample => ({ of: 'toolCall', ms });
const run = (ms: number): Sample => ({ of: 'run', ms });

/** What the figure comes to, and whether it is missed. */
function judged(objective: Objective, samples: readonly Sample[]): unknown {
  const watch = new ObjectiveWatch({ minSamples: 2, ...objective });
  for (const sample of samples) watch.add(sample, 0);
  const alert = watch.check(0);
  return [watch.state(0).value, alert?.type];
}

describe('objective', () => {
  it.each<[Objective, Sample[], unknown]>([
    [{ name: 'a', figure: 'successRate', atLeast: 0.5 }, [step(true), step(false), call(9)], [0.5, undefined]],
    [{ name: 'a', figure: 'successRate', atLeast: 0.6 }, [step(true), step(false)], [0.5, 'objective-missed']],
    [{ name: 'a', figure: 'successRate', atLeast: 0.6 }, [step(false)], [undefined, undefined]],
    [
      { name: 'a', figure: 'compensationRate', atMost: 0.2 },
      [step(true), step(false), { of: 'compensation' }, run(1)],
      [0.5, 'objective-missed'],
    ],
    [{ name: 'a', figure: 'meanToolCallMs', atMost: 5 }, [call(4), call(6), run(99)], [5, undefined]],
    [{ name: 'a', figure: 'meanToolCallMs', atMost: 5 }, [call(4), call(7)], [5.5, 'objective-missed']],
    [{ name: 'a', figure: 'meanRunMs', atMost: 5 }, [run(4), run(7), call(0)], [5.5, 'objective-missed']],
    [
      { name: 'a', figure: 'toolCallsWithin', withinMs: 5, atLeast: 0.6 },
      [call(5), call(6), run(0)],
      [0.5, 'objective-missed'],
    ],
    [{ name: 'a', figure: 'runsWithin', withinMs: 5, atLeast: 0.5 }, [run(5), run(6), call(0)], [0.5, undefined]],
  ])('%j on %j', (objective, samples, expected) => {
    expect(judged(objective, samples)).toEqual(expected);
  });

  it('tells once that it is missed, and once that it is met again', () => {
    const watch = new ObjectiveWatch({
      name: 'steps',
      figure: 'successRate',
      atLeast: 1,
      windowMs: 600,
      minSamples: 1,
    });
    watch.add(step(false), 0);
    expect(watch.check(5)).toEqual({
      type: 'objective-missed',
      objective: 'steps',
      figure: 'successRate',
      value: 0,
      limit: 1,
      samples: 1,
      timestamp: 5,
    });
    expect(watch.check(6)).toBeUndefined();
    // What it failed by has left the window: that says nothing yet.
    expect(watch.check(700)).toBeUndefined();
    expect(watch.state(700)).toEqual({ name: 'steps', value: undefined, samples: 0, isMissed: true });
    watch.add(step(true), 700);
    expect(watch.check(700)).toMatchObject({ type: 'objective-met', value: 1 });
  });

  it.each([
    [{ name: '', figure: 'successRate', atLeast: 1 }, 'the name of an objective'],
    [{ name: 'a', figure: 'speed', atLeast: 1 }, 'objective "a" has no figure that is known'],
    [{ name: 'a', figure: 'successRate', atLeast: -1 }, 'the limit of objective "a"'],
    [{ name: 'a', figure: 'meanRunMs' }, 'the limit of objective "a"'],
    [{ name: 'a', figure: 'successRate', atLeast: 1, windowMs: 59 }, 'windowMs of objective "a"'],
    [{ name: 'a', figure: 'successRate', atLeast: 1, minSamples: 0 }, 'minSamples of objective "a"'],
  ])('refuses %j', (objective, message) => {
    expect(() => new ObjectiveWatch(objective as never)).toThrow(message);
  });
});
