import { createMemoryLog } from 'sluice/log/memory';
import { createRuns } from 'sluice/run';
import { createStepTypes, pipelineFromJson } from 'sluice/run/json';
import { createStreams } from 'sluice/streams';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';

describe('step types', () => {
  it('grow, and refuse a name twice', () => {
    const types = createStepTypes();
    const more = types.with('fly', { run: () => 'up' });
    expect([types.names, more.names]).toEqual([
      ['value', 'ask'],
      ['value', 'ask', 'fly'],
    ]);
    expect(() => more.with('fly', { run: () => 'down' })).toThrow('step type "fly" is known already');
    expect(() => types.with('', { run: () => 'down' })).toThrow('name');
  });

  it('know how to ask a person', async () => {
    const runs = createRuns({ streams: createStreams({ log: createMemoryLog() }), leaseMs: Infinity });
    const asking = pipelineFromJson(
      {
        name: 'asking',
        steps: [
          { id: 'a', type: 'ask', with: { name: 'approval', details: { amount: { $from: 'input' } }, by: ['ann'] } },
          { id: 'b', type: 'ask', with: { name: 'why' } },
        ],
      },
      { types: createStepTypes() },
    );
    const { executionId, result } = runs.start(asking, 7);
    const asked = (step: string) =>
      firstValueFrom(
        runs.events(executionId, { types: ['step_waiting'] }).pipe(filter(({ step_id: id }) => id === step)),
      );
    expect((await asked('a')).data).toEqual({ name: 'approval', details: { amount: 7 }, by: ['ann'] });
    await runs.answer(executionId, 'approval', true, { by: 'ann' });
    expect((await asked('b')).data).toEqual({ name: 'why' });
    await runs.answer(executionId, 'why', 'because');
    expect(await result).toBe('because');
  });
});
