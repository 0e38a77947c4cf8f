import { metricsSubscriber, pipeline, type RunEvent } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { stage } from '../stage.js';

describe('metricsSubscriber', () => {
  it('counts events, and how long things took', async () => {
    const metrics = metricsSubscriber();
    const { events } = await stage(
      pipeline<number>('p').step('a', (n) => n, { retry: { attempts: 1 } }),
      1,
    );
    await metrics.take(events);
    const { events: counts, figures, attemptMs, runMs } = metrics.read();
    expect(counts).toEqual({ pipeline_start: 1, step_start: 1, step_complete: 1, pipeline_complete: 1 });
    expect(figures).toEqual(metrics.reliability.figures());
    expect([figures.successRate, attemptMs.count, runMs.count]).toEqual([1, 1, 1]);
    const failed = await stage(
      pipeline('p').step('a', () => Promise.reject(new Error('no'))),
      1,
    );
    await metrics.take(failed.events);
    expect(metrics.read()).toMatchObject({
      attemptMs: { count: 2 },
      runMs: { count: 2 },
      figures: { successRate: 0.5 },
    });
  });

  it('has a bounded number of kinds', () => {
    const metrics = metricsSubscriber();
    const kinds = Array.from({ length: 150 }, (_, n) => {
      return {
        event_type: `kind_${n}`,
        execution_id: 'r',
        step_id: 'a',
        timestamp: 0,
        data: {},
      } as unknown as RunEvent;
    });
    void metrics.take([...kinds, kinds[0]!]);
    const { events } = metrics.read();
    expect(Object.keys(events)).toHaveLength(101);
    expect([events['kind_0'], events['other']]).toEqual([2, 50]);
  });
});
