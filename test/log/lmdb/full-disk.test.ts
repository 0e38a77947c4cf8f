import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLmdbLog } from '../../../src/log/lmdb.js';
import { temporaryFolders } from './temporary.js';

const temporary = temporaryFolders();
/** Only Linux lets a running process write more again. */
const liftable = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

describe('a disk that takes no more', () => {
  it.skipIf(!liftable)('refuses by name, keeps what was acknowledged, and goes on once there is room', async () => {
    const folder = temporary();
    const node = `'${process.execPath}' -C sluice-source --import tsx test/log/lmdb/limited.ts '${folder}'`;
    const { stdout, stderr } = spawnSync('sh', ['-c', `ulimit -S -f 4000; exec ${node}`], { encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    const { refused, full, again, after } = JSON.parse(stdout) as Record<
      'refused' | 'full' | 'again' | 'after',
      object
    >;
    expect(refused).toEqual(['log-unavailable', 'log-unavailable']);
    const { acknowledged } = full as { acknowledged: number };
    expect(acknowledged).toBeGreaterThan(10);
    expect(full).toEqual({ acknowledged, told: acknowledged, next: acknowledged, read: acknowledged });
    const next = acknowledged + 1;
    expect(again).toBe('kept');
    expect(after).toEqual({ acknowledged: next, told: next, next, read: next });
    const log = await createLmdbLog(folder);
    expect(log.info('s')?.next).toBe(next);
    expect(await log.append('s', [], { producer: { id: 'p', epoch: 0, seq: next } })).toMatchObject({ next });
    await log.dispose();
  });
});
