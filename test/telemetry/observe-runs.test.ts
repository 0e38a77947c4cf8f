import { describe, expect, it } from 'vitest';
import { createChunk } from '../../src/chunk/index.js';
import { createRuns, pipeline } from '../../src/run/index.js';
import { metrics } from '../../src/telemetry/index.js';
import { TelemetryStage } from './stage.js';

describe('what is counted of runs', () => {
  it('moves when runs begin and end, well or not, and with each attempt of a step', async () => {
    const trial = new TelemetryStage();
    const runs = createRuns({ streams: trial.stage.streams, leaseMs: Infinity });
    const retry = { attempts: 2, delayMs: 0 };
    const good = pipeline<number>('good').step('add', (n) => n + 1);
    const flaky = pipeline<number>('flaky').step(
      'try',
      (n, { attempt }) => {
        if (attempt === 1) throw new Error('not yet');
        return n;
      },
      { retry },
    );
    const bad = pipeline<number>('bad')
      .step('book', (n) => n, { compensate: () => {} })
      .step('pay', (): number => {
        throw new Error('no');
      });
    const waiting = pipeline<number>('waiting').step('wait', async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return 0;
    });
    expect(await runs.start(good, 1).result).toBe(2);
    expect(await runs.start(flaky, 1).result).toBe(1);
    await expect(runs.start(bad, 1).result).rejects.toThrow('no');
    const { executionId, result, begun } = runs.start(waiting, 1);
    await begun;
    await runs.cancel(executionId);
    await expect(result).rejects.toMatchObject({ code: 'run-cancelled' });
    expect(await trial.value(metrics.runsStarted)).toBe(4);
    expect(await trial.value(metrics.runsEnded)).toEqual({ completed: 2, failed: 1, cancelled: 1 });
    expect(await trial.value(metrics.runDuration)).toBe(4);
    expect(await trial.value(metrics.stepRetries)).toBe(1);
    expect(await trial.value(metrics.stepsCompensated)).toBe(1);
    const attempts = (await trial.value(metrics.stepAttempts)) as Record<string, number>;
    expect(attempts).toMatchObject({ succeeded: 3 });
    expect(attempts['failed']).toBeGreaterThanOrEqual(2);
    expect(await trial.value(metrics.stepDuration)).toBe(3 + attempts['failed']!);
  });

  it('counts a run that is left to another, and does not take that for how long it took', async () => {
    const trial = new TelemetryStage();
    const runs = createRuns({ streams: trial.stage.streams, leaseMs: Infinity });
    const asking = pipeline('asking').step('ask', async (_, { waitFor }) => await waitFor('yes'));
    await runs.start(asking, undefined).begun;
    await runs.leave();
    expect(await trial.value(metrics.runsEnded)).toEqual({ left: 1 });
    expect(await trial.value(metrics.runDuration)).toBe(0);
  });

  it('is not led astray by what somebody writes to a stream of that name', async () => {
    const trial = new TelemetryStage();
    const write = (data: null | object) =>
      trial.stage.streams.publish('runs/forged', [
        createChunk({ streamId: 'runs/forged', seq: 0, data: data as never }),
      ]);
    await write(null);
    await write({ event_type: 'pipeline_complete', data: {} });
    await write({ event_type: 'constructor' });
    await trial.stage.streams.publish('runs/x/inbox', [createChunk({ streamId: 'x', seq: 0, data: {} })]);
    expect(await trial.value(metrics.runsEnded)).toEqual({});
    const durations = (await trial.telemetry.read()).find(({ metric }) => metric === metrics.runDuration);
    expect(durations).toMatchObject({ distribution: { count: 0, sum: 0 } });
  });
});
