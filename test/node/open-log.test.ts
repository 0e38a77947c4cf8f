import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLog } from '../../src/node/open-log.js';
import { run } from '../run.js';

describe('openLog', () => {
  it('opens a log in memory', async () => {
    const log = await openLog('memory');
    await log.create('s');
    expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['s']);
    await log.dispose();
  });

  it('opens a log in a folder, which keeps what it is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-open-'));
    try {
      for (const names of [['a'], ['a', 'b']]) {
        const log = await openLog(`lmdb:${join(folder, 'streams')}`);
        await log.create(names.at(-1)!);
        expect((await log.list()).map(({ streamId }) => streamId)).toEqual(names);
        await log.dispose();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says which package to install when it is not there', async () => {
    const { stdout } = await run('test/node/without-package.ts', ['lmdb', 'lmdb:somewhere']).ended;
    expect(stdout.toString()).toBe(
      'log-unavailable: a log of the form lmdb:DIR needs the package "lmdb": npm install lmdb\n',
    );
  });

  it.each(['', 'floppy', 'floppy:/a', 'memory:', 'memory:x', 'lmdb', 'lmdb:', 'constructor', '__proto__:x', ':'])(
    'refuses %j and names the choices',
    async (url) => {
      await expect(openLog(url)).rejects.toThrow(/^log must be one of memory, lmdb:DIR\b/);
      await expect(openLog(url)).rejects.toBeInstanceOf(RangeError);
    },
  );

  it('repeats nothing of what stands behind the scheme: it may hold a password', async () => {
    await expect(openLog('floppy://ishmael:secret@host')).rejects.toThrow(/^(?!.*secret).*"floppy"$/);
  });

  it('refuses what is no string', async () => {
    await expect(openLog(5 as never)).rejects.toThrow(new TypeError('log must be a string, got a number'));
  });
});
