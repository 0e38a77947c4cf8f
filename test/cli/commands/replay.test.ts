import { describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.js';
import { ndjson, typesIn } from '../ndjson.js';
import { fail, wait } from '../pipelines.js';
import { inTerminal, scriptPath } from '../terminal.js';

const { server, sluice } = commandLine();

describe('sluice replay', { timeout: 120_000 }, () => {
  it('shows a run that is over, and ends as it did', async () => {
    await server()
      .runs.start(fail, 1, { executionId: 'over' })
      .result.catch(() => {});
    const { code, stdout } = await sluice('replay', 'over').ended;
    expect(typesIn(stdout)).toEqual(['pipeline_start', 'step_start', 'step_error', 'pipeline_error']);
    expect(code).toBe(1);
    const some = await sluice('replay', 'over', '--types', 'step_start,step_error').ended;
    expect(typesIn(some.stdout)).toEqual(['step_start', 'step_error']);
    expect(typesIn((await sluice('replay', 'over', '--steps', 'none').ended).stdout)).toEqual([
      'pipeline_start',
      'pipeline_error',
    ]);
  });

  it('follows one that goes on', async () => {
    server().runs.start(wait, null, { executionId: 'on' });
    const replaying = sluice('replay', 'on');
    await replaying.says(/"sitting"/);
    await server().runs.cancel('on', 'enough');
    const { code, stdout } = await replaying.ended;
    expect([code, ndjson(stdout).at(-1)]).toMatchObject([3, { data: { reason: 'enough' } }]);
  });

  it.skipIf(scriptPath === undefined)('shows the steps on a terminal', async () => {
    await server()
      .runs.start(fail, 1, { executionId: 'seen' })
      .result.catch(() => {});
    const { code, stdout } = await inTerminal('replay', 'seen', '--server', server().url).ended;
    expect(stdout.toString()).toMatch(/✗ fail {2}seen {2}it broke\r\n {2}✗ break {2}it broke\r\n/);
    expect(code).toBe(1);
  });

  it('fails where there is none', async () => {
    const { code, stderr } = await sluice('replay', 'none').ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no stream "runs/none"')]);
  });
});
