import { describe, expect, it } from 'vitest';
import { createChunk } from 'sluice/chunk';
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
});
