import { describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.js';
import { wait } from '../pipelines.js';

const { server, sluice } = commandLine();

describe('sluice cancel', { timeout: 120_000 }, () => {
  it('cancels a run, and does no harm behind its end', async () => {
    const { result } = server().runs.start(wait, null, { executionId: 'r1' });
    const ended = result.catch((error: unknown) => error);
    expect((await sluice('cancel', 'r1', '--reason', 'enough').ended).code).toBe(0);
    expect(await ended).toMatchObject({ code: 'run-cancelled', message: 'enough' });
    expect((await sluice('cancel', 'r1').ended).code).toBe(0);
    expect(await server().runs.info('r1')).toMatchObject({ status: 'cancelled', reason: 'enough' });
  });

  it('cancels a stream, and does no harm behind its end', async () => {
    await server().streams.create('a/b');
    expect(await sluice('cancel', 'a/b', '--reason', 'enough').ended).toMatchObject({ code: 0, stderr: '' });
    expect(await server().streams.info('a/b')).toMatchObject({ status: 'cancelled', reason: 'enough' });
    expect((await sluice('cancel', 'a/b').ended).code).toBe(0);
  });

  it('fails where there is neither', async () => {
    const { code, stderr } = await sluice('cancel', 'none').ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no stream "none"')]);
  });
});
