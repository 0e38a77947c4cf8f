import { describe, expect, it } from 'vitest';
import { pipeline } from 'sluice/run';
import { commandLine } from '../command-line.js';

const { server, sluice } = commandLine();

const asks = pipeline('asks').step('ask', async (_, { waitFor }) => await waitFor('ok'));

describe('sluice answer', { timeout: 120_000 }, () => {
  it('answers a step that waits, once', async () => {
    const { result } = server().runs.start(asks, null, { executionId: 'r1' });
    await expect.poll(async () => (await server().runs.info('r1'))?.status).toBe('waiting');
    expect((await sluice('answer', 'r1', 'ok', '{"yes":1}', '--step', 'ask').ended).code).toBe(0);
    expect(await result).toEqual({ yes: 1 });
    const again = await sluice('answer', 'r1', 'ok', 'no').ended;
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('(answer-refused)')]);
  });

  it('fails where there is no run', async () => {
    const { code, stderr } = await sluice('answer', 'none', 'ok', 'yes').ended;
    expect([code, stderr]).toEqual([1, 'sluice: there is no run "none"\n']);
  });
});
