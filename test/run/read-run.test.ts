import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline, type RunEvent, runEvents } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { isLost, readRun } from '../../src/run/read-run.js';

const parse = (value: unknown): RunEvent => runEvents.parse(value);

describe('read run', () => {
  it('reads what there is, and does not wait for more', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await expect(readRun(streams, 'nobody', parse)).rejects.toMatchObject({ code: 'run-not-found' });
    await streams.create('runs/empty');
    const empty = await readRun(streams, 'empty', parse);
    expect([empty.journal.lives, isLost(empty)]).toEqual([0, false]);
    const runs = createRuns({ streams, leaseMs: Infinity });
    const { executionId, begun } = runs.start(
      pipeline('hang').step('a', () => new Promise(() => {})),
      7,
    );
    await begun;
    const { journal } = await readRun(streams, executionId, parse);
    expect([journal.pipeline, journal.input, journal.end]).toEqual(['hang', 7, undefined]);
  });

  it('knows when nobody will go on with it', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('runs/r');
    await streams.close('runs/r', 'failed', 'producer-lost');
    expect(isLost(await readRun(streams, 'r', parse))).toBe(true);
  });
});
