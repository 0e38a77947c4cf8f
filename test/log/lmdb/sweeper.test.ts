import { describe, expect, it, vi } from 'vitest';
import { writeChunk } from '../../../src/log/chunk-record.js';
import { Commits } from '../../../src/log/lmdb/commits.js';
import { openFolder } from '../../../src/log/lmdb/folder.js';
import { chunkKey } from '../../../src/log/lmdb/records.js';
import { LmdbStream } from '../../../src/log/lmdb/stream.js';
import { Sweeper } from '../../../src/log/lmdb/sweeper.js';
import { Totals } from '../../../src/log/lmdb/totals.js';
import { texts } from '../../../src/testing/log-stage.js';
import { temporaryFolders } from './temporary.js';

const temporary = temporaryFolders();

/** A folder with so many chunks of one stream in it, all of them on disk. */
async function setUp(count: number) {
  const folder = await openFolder(temporary());
  const chunks = texts(0, count);
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const totals = new Totals(bytes);
  const commits = new Commits(folder, Infinity, {
    save: (states) => totals.save(states),
    kept: (streams) => {
      totals.commit();
      for (const each of streams) each.commit();
    },
    lost: (streams) => {
      totals.revert();
      for (const each of streams) each.revert();
    },
  });
  const stream = new LmdbStream(1, { streamId: 's', createdAt: 1, config: {} });
  stream.append(count, 0, 0, {}, 1);
  totals.grow(bytes);
  await commits.add(
    stream,
    chunks.map((chunk, seq) => ({ key: chunkKey(1, seq), record: writeChunk(chunk) })),
  );
  const sweeper = new Sweeper(folder, commits, totals);
  const forget = async (before: number): Promise<void> => {
    stream.trim(before);
    await commits.add(stream);
    sweeper.add(stream);
  };
  return { folder, totals, commits, stream, sweeper, chunks, bytes, forget, left: () => folder.chunks.getCount({}) };
}

describe('Sweeper', () => {
  it('removes what is forgotten, a thousand with a commit, and there is room for as much again', async () => {
    const { folder, totals, sweeper, chunks, forget, left } = await setUp(2600);
    await forget(2500);
    const write = vi.spyOn(folder, 'write');
    expect(left()).toBe(2600);
    await sweeper.sweep();
    expect(left()).toBe(100);
    expect(write).toHaveBeenCalledTimes(3);
    expect(folder.read(1, 0, 2600, Infinity)).toEqual(chunks.slice(2500));
    totals.checkRoom('s', chunks.slice(0, 2500));
    expect(() => totals.checkRoom('s', chunks.slice(0, 2501))).toThrow('there is no room');
    await folder.close();
  });

  it('removes nothing that was not forgotten', async () => {
    const { folder, stream, sweeper, left } = await setUp(10);
    const write = vi.spyOn(folder, 'write');
    sweeper.add(stream);
    await sweeper.sweep();
    expect(write).not.toHaveBeenCalled();
    expect(left()).toBe(10);
    await folder.close();
  });

  it('removes all of a stream that was removed', async () => {
    const { folder, stream, sweeper, forget, left } = await setUp(10);
    stream.removed = true;
    await forget(0);
    await sweeper.sweep();
    expect(left()).toBe(0);
    expect(stream.littered).toBe(false);
    await folder.close();
  });

  it('removes once, however often it is asked to', async () => {
    const { folder, sweeper, forget, left } = await setUp(1500);
    await forget(1500);
    const write = vi.spyOn(folder, 'write');
    await Promise.all([sweeper.sweep(), sweeper.sweep()]);
    await sweeper.sweep();
    expect(write).toHaveBeenCalledTimes(2);
    expect(left()).toBe(0);
    await folder.close();
  });

  it('takes up again what the disk did not take', async () => {
    const { folder, totals, sweeper, chunks, forget, left } = await setUp(1500);
    await forget(1200);
    vi.spyOn(folder, 'write').mockRejectedValueOnce(new Error('no disk'));
    await sweeper.sweep();
    expect(left()).toBe(1500);
    expect(() => totals.checkRoom('s', chunks.slice(0, 1))).toThrow('there is no room');
    await sweeper.sweep();
    expect(left()).toBe(300);
    totals.checkRoom('s', chunks.slice(0, 1200));
    await folder.close();
  });

  it('begins nothing more once it was stopped', async () => {
    const { folder, sweeper, forget, left } = await setUp(3000);
    await forget(3000);
    const sweeping = sweeper.sweep();
    sweeper.stop();
    await sweeping;
    expect(left()).toBe(2000);
    await sweeper.sweep();
    expect(left()).toBe(2000);
    await folder.close();
  });
});
