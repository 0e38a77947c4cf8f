import { describe, expect, it } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { pipeline } from 'sluice/run';
import { commandLine } from '../command-line.js';
import { ndjson } from '../ndjson.js';
import { inTerminal, scriptPath } from '../terminal.js';

const { server, sluice } = commandLine();

describe('sluice ls', { timeout: 120_000 }, () => {
  it('lists the streams whose names begin so, a line of JSON each', async () => {
    await server().streams.publish('books/one', [createChunk({ streamId: 'any', seq: 0, data: 'x' })]);
    await server().streams.create('films/two');
    const all = ndjson<{ streamId: string }>((await sluice('ls').ended).stdout);
    expect(all.map(({ streamId }) => streamId).toSorted()).toEqual(['books/one', 'films/two']);
    expect(ndjson((await sluice('ls', 'books/').ended).stdout)).toEqual([
      expect.objectContaining({ streamId: 'books/one', status: 'active', next: 1 }),
    ]);
    expect((await sluice('ls', 'none').ended).stdout.toString()).toBe('');
  });

  it.skipIf(scriptPath === undefined)('shows a table on a terminal', async () => {
    await server().streams.create('table');
    const { code, stdout } = await inTerminal('ls', 'table', '--server', server().url).ended;
    expect(stdout.toString()).toMatch(/^STREAM +STATUS +CHUNKS +BEGUN +FROM\r\ntable +active +0 +20/);
    expect(code).toBe(0);
  });

  it('lists runs and how each of them stands', async () => {
    const { runs } = server();
    const end = async ({ result }: { result: Promise<unknown> }) => void (await Promise.allSettled([result]));
    await end(
      runs.start(
        pipeline('good').step('a', () => 1),
        undefined,
        { executionId: 'good' },
      ),
    );
    await end(
      runs.start(
        pipeline('bad').step('a', () => Promise.reject(new Error('storm'))),
        undefined,
        { executionId: 'bad' },
      ),
    );
    const all = ndjson((await sluice('ls', '--runs').ended).stdout);
    expect(all).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ executionId: 'good', pipeline: 'good', status: 'completed' }),
        expect.objectContaining({ executionId: 'bad', pipeline: 'bad', status: 'failed', reason: 'storm' }),
      ]),
    );
    expect(ndjson((await sluice('ls', '--runs', '--status', 'failed').ended).stdout)).toHaveLength(1);
    const page = await sluice('ls', '--runs', '--limit', '1').ended;
    const [, after = ''] = /^sluice: there are more: --after (\S+)\n$/.exec(page.stderr)!;
    const rest = await sluice('ls', '--runs', '--after', after).ended;
    expect([...ndjson(page.stdout), ...ndjson(rest.stdout)].map(({ executionId }) => executionId)).toEqual(
      all.map(({ executionId }) => executionId),
    );
    expect((await sluice('ls', '--runs', '--status', 'happy').ended).stderr).toContain('status must be among running');
  });

  it.skipIf(scriptPath === undefined)('shows a table of runs on a terminal', async () => {
    const { stdout } = await inTerminal('ls', '--runs', '--status', 'failed', '--server', server().url).ended;
    expect(stdout.toString()).toMatch(
      /^RUN +PIPELINE +STATUS +BEGUN +TOOK +WHY\r\nbad +bad +failed +20\S+ +\d+\.\d s +storm\r\n$/,
    );
  });
});
