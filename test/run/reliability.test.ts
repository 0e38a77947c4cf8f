import { createReliability, type ObjectiveAlert, pipeline, type RunEvent } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from './stage.js';

/** An event in a few words. */
function event(type: string, step: string | null, data: object = {}, run = 'r'): RunEvent {
  return { event_type: type, execution_id: run, step_id: step, timestamp: 0, data } as unknown as RunEvent;
}

const scheduler = { now: () => 0 };

describe('createReliability', () => {
  it('adds up steps, compensations, calls and runs', () => {
    const reliability = createReliability({ scheduler, isToolCall: (step) => step !== 'plan' });
    expect(reliability.figures()).toEqual({
      ...{ steps: 0, succeeded: 0, failed: 0, aborted: 0, compensated: 0, toolCalls: 0, runs: 0, active: 0 },
      ...{ successRate: undefined, compensationRate: undefined, meanToolCallMs: undefined, meanRunMs: undefined },
    });
    const events = [
      event('pipeline_start', null),
      event('step_start', 'plan', { attempt: 1 }),
      event('step_complete', 'plan', { duration_ms: 1000 }),
      event('step_start', 'a', { attempt: 1 }),
      event('step_log', 'a', { message: 'x' }),
      event('step_error', 'a', { duration_ms: 10 }),
      event('step_retry', 'a', { attempt: 2 }),
      event('step_start', 'a', { attempt: 2 }),
      event('step_complete', 'a', { duration_ms: 20 }),
      event('step_start', 'both/b', { attempt: 1 }),
      event('step_start', 'both/c', { attempt: 1 }),
      event('step_error', 'both/b', { duration_ms: 30 }),
      event('step_compensated', 'a', { duration_ms: 1 }),
      event('step_error', 'plan', { duration_ms: 1 }),
    ];
    for (const one of events) reliability.next(one);
    expect(reliability.figures()).toMatchObject({ steps: 2, succeeded: 2, active: 1, successRate: 1, toolCalls: 3 });
    reliability.next(event('pipeline_error', null, { duration_ms: 50 }));
    expect(reliability.figures()).toEqual({
      ...{ steps: 4, succeeded: 2, failed: 1, aborted: 1, compensated: 1, toolCalls: 3, runs: 1, active: 0 },
      ...{ successRate: 0.5, compensationRate: 0.25, meanToolCallMs: 20, meanRunMs: 50 },
    });
  });

  it('says of real runs what they did', async () => {
    const reliability = createReliability();
    const flaky = pipeline<number>('flaky')
      .step('do', (n) => n, { compensate: () => {} })
      .step('check', (n) => {
        if (n > 1) throw new Error('too much');
        return n;
      });
    for (const n of [1, 2]) {
      const { events } = await stage(flaky, n, { executionId: `run-${n}` });
      for (const one of events) reliability.next(one);
    }
    expect(reliability.figures()).toMatchObject({
      ...{ steps: 4, succeeded: 3, failed: 1, aborted: 0, compensated: 1, runs: 2 },
      ...{ successRate: 0.75, compensationRate: 0.25 },
    });
  });

  it('alerts when an objective is missed, and when it is met again', () => {
    let time = 0;
    const alerts: ObjectiveAlert[] = [];
    const reliability = createReliability({
      scheduler: { now: () => time },
      objectives: [
        { name: 'steps succeed', figure: 'successRate', atLeast: 0.9, windowMs: 6000, minSamples: 2 },
        { name: 'runs are short', figure: 'meanRunMs', atMost: 100, windowMs: 6000, minSamples: 1 },
      ],
    });
    reliability.alerts.subscribe((alert) => alerts.push(alert));
    const runs = (name: string, end: string, ms: number): void => {
      reliability.next(event('step_start', 'a', {}, name));
      if (end === 'pipeline_complete') reliability.next(event('step_complete', 'a', { duration_ms: 1 }, name));
      reliability.next(event(end, null, { duration_ms: ms }, name));
    };
    runs('1', 'pipeline_complete', 90);
    runs('2', 'pipeline_cancelled', 210);
    expect(alerts.map(({ type, objective }) => [type, objective])).toEqual([
      ['objective-missed', 'steps succeed'],
      ['objective-missed', 'runs are short'],
    ]);
    expect(reliability.objectives()).toEqual([
      { name: 'steps succeed', value: 0.5, samples: 2, isMissed: true },
      { name: 'runs are short', value: 150, samples: 2, isMissed: true },
    ]);
    time = 5950;
    runs('3', 'pipeline_complete', 10);
    runs('4', 'pipeline_complete', 10);
    time = 6000;
    reliability.check();
    expect(alerts.slice(2).map(({ type, objective }) => [type, objective])).toEqual([
      ['objective-met', 'runs are short'],
      ['objective-met', 'steps succeed'],
    ]);
  });

  it('follows a bounded number of runs', () => {
    const reliability = createReliability({ scheduler, maxRuns: 2 });
    for (let n = 0; n < 100; n++) reliability.next(event('step_start', 'a', {}, `run ${n}`));
    expect(reliability.figures().active).toBe(2);
    expect(() => createReliability({ maxRuns: 0 })).toThrow('maxRuns');
  });
});
