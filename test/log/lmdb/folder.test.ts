import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { openFolder } from '../../../src/log/lmdb/folder.js';
import { writeChunk } from '../../../src/log/chunk-record.js';
import { chunkKey, kinds, stateKey } from '../../../src/log/lmdb/records.js';
import { encoded, refused, texts } from '../../../src/testing/log-stage.js';
import { run } from '../../run.js';
import { temporaryFolders } from './temporary.js';

const temporary = temporaryFolders();
const data = (path: string): string => join(path, 'data.mdb');

describe('openFolder', () => {
  it('makes the folder, and those above it', async () => {
    const path = join(temporary(), 'a', 'b.c');
    const folder = await openFolder(path);
    await folder.close();
    expect(readFileSync(data(path)).length).toBeGreaterThan(0);
  });

  it('keeps what was written, and nothing of what was not', async () => {
    const path = temporary();
    const before = await openFolder(path);
    const chunk = encoded('kept');
    await before.write(() => {
      void before.chunks.put(chunkKey(1, 0), writeChunk(chunk));
      void before.states.put(stateKey(1, kinds.standing), { next: 1 });
    });
    await before.close();
    const after = await openFolder(path);
    expect(after.chunks.get(chunkKey(1, 0))).toEqual(chunk);
    expect(after.chunks.get(chunkKey(1, 1))).toBeUndefined();
    expect(after.states.get(stateKey(1, kinds.standing))).toEqual({ next: 1 });
    await after.close();
  });

  it('reads the chunks of one stream, one or as many as have so many bytes', async () => {
    const folder = await openFolder(temporary());
    const chunks = texts(10, 5);
    await folder.write(() => {
      for (const [seq, chunk] of chunks.entries()) {
        for (const stream of [1, 2]) void folder.chunks.put(chunkKey(stream, seq), writeChunk(chunk));
      }
    });
    const { length } = chunks[0]!;
    expect(folder.read(1, 1, 4, Infinity)).toEqual(chunks.slice(1, 4));
    expect(folder.read(1, 0, 5, 2 * length)).toEqual(chunks.slice(0, 2));
    expect(folder.read(1, 3, 5, length - 1)).toEqual(chunks.slice(3, 4));
    expect(folder.read(1, 3, 3, length)).toEqual([]);
    expect(folder.read(1, 9, 5, length)).toEqual([]);
    await folder.close();
  });

  it('refuses a folder that is open already, and leaves it to who has it', async () => {
    const path = temporary();
    const first = await openFolder(path);
    await refused('log-in-use', () => openFolder(path));
    await refused('log-in-use', () => openFolder(join(path, '.')));
    await first.write(() => void first.states.put(stateKey(1, kinds.standing), 'still there'));
    expect(first.states.get(stateKey(1, kinds.standing))).toBe('still there');
    await first.close();
    await (await openFolder(path)).close();
  });

  it('refuses a folder that another process has open, until that ends, however it ends', async () => {
    const path = temporary();
    const other = run('test/log/lmdb/holder.ts', [path]);
    await other.says(/open/);
    const { message } = await refused('log-in-use', () => openFolder(path));
    expect(message).toContain(path);
    other.process.kill('SIGKILL');
    await other.ended;
    await (await openFolder(path)).close();
  });

  it('refuses a file where the folder should be', async () => {
    const path = join(temporary(), 'file');
    writeFileSync(path, 'no folder');
    await refused('log-unavailable', () => openFolder(path));
    await refused('log-unavailable', () => openFolder(join(path, 'below')));
    expect(readFileSync(path, 'utf8')).toBe('no folder');
  });

  it('refuses a folder where the file should be', async () => {
    const path = temporary();
    mkdirSync(data(path));
    await refused('log-unavailable', () => openFolder(path));
  });

  // Nothing keeps root from writing.
  it.skipIf(process.getuid?.() === 0)('refuses a folder that may not be written', async () => {
    const path = temporary();
    chmodSync(path, 0o500);
    await refused('log-unavailable', () => openFolder(path));
  });

  it.each([
    ['text', 'This is no log.'],
    ['much of it', 'z'.repeat(100_000)],
    ['zeros', '\0'.repeat(8192)],
  ])('refuses a file of something else: %s', async (_, content) => {
    const path = temporary();
    writeFileSync(data(path), content);
    await refused('log-incompatible', () => openFolder(path));
    expect(readFileSync(data(path), 'utf8')).toBe(content);
  });

  it('takes an empty file, which is what is left when a process ends while it makes one', async () => {
    const path = temporary();
    writeFileSync(data(path), '');
    await (await openFolder(path)).close();
  });

  it('refuses a file that was cut short', async () => {
    const path = temporary();
    const folder = await openFolder(path);
    await folder.write(() => void folder.states.put(stateKey(1, kinds.standing), 'x'.repeat(100_000)));
    await folder.close();
    truncateSync(data(path), 40_000);
    const { message } = await refused('log-incompatible', () => openFolder(path));
    expect(message).toContain('damaged');
  });

  it('takes over what the first version wrote, and says that it is of this one from now on', async () => {
    const path = temporary();
    const key = stateKey(0, kinds.version);
    const folder = await openFolder(path);
    await folder.write(() => void folder.states.put(key, 'sluice log 1'));
    await folder.close();
    const again = await openFolder(path);
    expect(again.states.get(key)).toBe('sluice log 2');
    await again.close();
  });

  it('refuses what another version wrote, and says which', async () => {
    const path = temporary();
    const folder = await openFolder(path);
    await folder.write(() => void folder.states.put(stateKey(0, kinds.version), 'sluice log 99'));
    await folder.close();
    for (let again = 0; again < 2; again++) {
      const { message } = await refused('log-incompatible', () => openFolder(path));
      expect(message).toContain('sluice log 99');
    }
  });

  it("refuses somebody else's LMDB, and changes nothing in it", async () => {
    const path = temporary();
    const theirs = open<string, string>({ path, noSubdir: false });
    await theirs.put('whale', 'white');
    await theirs.close();
    await refused('log-incompatible', () => openFolder(path));
    const again = open<string, string>({ path, noSubdir: false });
    expect([...again.getRange()]).toEqual([{ key: 'whale', value: 'white' }]);
    await again.close();
  });
});
