import { describe, expect, it } from 'vitest';
import { commandLine } from '../command-line.js';
import { ndjson } from '../ndjson.js';
import { fail } from '../pipelines.js';
import { inTerminal, scriptPath } from '../terminal.js';

const { server, sluice } = commandLine();

describe('sluice info', { timeout: 120_000 }, () => {
  it('tells of a run by its id, and of a stream by its name', async () => {
    await server()
      .runs.start(fail, 1, { executionId: 'r1' })
      .result.catch(() => {});
    expect(ndjson((await sluice('info', 'r1').ended).stdout)).toEqual([
      expect.objectContaining({ executionId: 'r1', pipeline: 'fail', status: 'failed', reason: 'it broke' }),
    ]);
    expect(ndjson((await sluice('info', 'runs/r1').ended).stdout)).toEqual([
      expect.objectContaining({ streamId: 'runs/r1', status: 'completed' }),
    ]);
    await server().streams.create('plain');
    expect(ndjson((await sluice('info', 'plain').ended).stdout)).toMatchObject([{ streamId: 'plain' }]);
  });

  it('fails where there is neither', async () => {
    const { code, stderr } = await sluice('info', 'none').ended;
    expect([code, stderr]).toEqual([1, 'sluice: there is no run and no stream "none"\n']);
  });

  it.skipIf(scriptPath === undefined)('is readable on a terminal', async () => {
    await server().streams.create('read');
    const { stdout } = await inTerminal('info', 'read', '--server', server().url).ended;
    expect(stdout.toString()).toContain('{\r\n  "streamId": "read",\r\n');
  });
});
