import { describe, expect, it } from 'vitest';
import type { StreamError } from '../../src/chunk/index.js';
import { openFolder } from '../../src/log/lmdb/folder.js';
import { kinds, stateKey } from '../../src/log/lmdb/records.js';
import { createLmdbLog, type LmdbLog, type LmdbLogOptions } from '../../src/log/lmdb.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encoded, Follower, refused, texts } from '../../src/testing/log-stage.js';
import { temporaryFolders } from './lmdb/temporary.js';

const temporary = temporaryFolders();
const wide = { chunks: 10_000, bytes: 1 << 26 };
const completed = { close: { status: 'completed' } } as const;
const by = (id: string, seq: number, epoch = 0) => ({ producer: { id, epoch, seq } });
/** Encoded bytes of each of `texts(10, 90)`. */
const { length } = encoded('chunk 10');

/** A log in a folder of its own, whose clock stands still until it is told the time. */
async function makeLog(options: LmdbLogOptions = {}) {
  const folder = temporary();
  let now = 1_000_000;
  const open = (more: LmdbLogOptions = {}) => createLmdbLog(folder, { now: () => now, ...options, ...more });
  const log = await open();
  return { log, folder, open, advance: (ms: number) => void (now += ms) };
}

logLaws('lmdb', () => makeLog());

/** The log's names. */
const names = (log: LmdbLog): readonly string[] => log.list().map(({ streamId }) => streamId);

/** How many chunks lie on disk, forgotten ones included, once nothing is being removed any more. */
async function chunksOnDisk(folder: string): Promise<number> {
  const opened = await openFolder(folder);
  const count = opened.chunks.getCount({});
  await opened.close();
  return count;
}

describe('createLmdbLog', () => {
  it('keeps everything over a restart', async () => {
    const { log, open, advance } = await makeLog();
    const config = { session: 'a', source: 'b', target: 'c', contentType: 'd', expectedChunks: 9, ttlMs: Infinity };
    await log.create('rich/漢字', config);
    await log.create('plain');
    await log.append('rich/漢字', [encoded('é'), encoded(Uint8Array.of(0, 255)), ...texts(0, 3)], by('p', 0, 3));
    advance(5);
    await log.append('rich/漢字', [], { close: { status: 'failed', reason: 'why' } });
    await log.append('plain', texts(0, 6), by('p', 0));
    await log.append('plain', [], by('q', 0, 7));
    await log.trim('plain', 2);
    const before = { list: log.list(), rich: log.read('rich/漢字', 0, wide), plain: log.read('plain', 0, wide) };
    await log.dispose();
    const again = await open();
    expect({
      list: again.list(),
      rich: again.read('rich/漢字', 0, wide),
      plain: again.read('plain', 0, wide),
    }).toStrictEqual(before);
    await again.create('rich/漢字', config);
    await refused('stream-exists', () => again.create('rich/漢字', { ...config, ttlMs: 5 }));
    await refused('stream-closed', () => again.append('rich/漢字', texts(0, 1)));
    expect(await again.append('plain', texts(4, 4), by('p', 4))).toEqual({
      first: 6,
      next: 8,
      duplicates: 2,
      ended: false,
      expected: 8,
    });
    await refused('producer-fenced', () => again.append('plain', [], by('q', 0, 6)));
    await again.dispose();
  });

  it('shows nothing before the disk has it, and tells nobody', async () => {
    const { log } = await makeLog();
    await log.create('s');
    const seen: number[] = [];
    log.watch('s', () => seen.push(log.info('s')!.next));
    const appending = log.append('s', texts(0, 2), completed);
    expect(log.info('s')).toMatchObject({ next: 0, status: 'active' });
    expect(log.read('s', 0, wide)).toMatchObject({ from: 0, chunks: [], next: 0 });
    expect(seen).toEqual([]);
    await appending;
    expect(log.read('s', 0, wide)).toMatchObject({
      from: 0,
      chunks: texts(0, 2),
      next: 2,
      end: { status: 'completed' },
    });
    expect(seen).toEqual([2]);
    await log.dispose();
  });

  it('acknowledges a batch that comes twice only when the disk has the first', async () => {
    const { log } = await makeLog();
    await log.create('s');
    const order: string[] = [];
    const first = log.append('s', texts(0, 2), by('p', 0)).then(() => order.push('first'));
    const second = log.append('s', texts(0, 2), by('p', 0)).then(() => order.push(`second ${log.info('s')!.next}`));
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second 2']);
    await log.dispose();
  });

  it('refuses what an end that is on its way forbids only when the disk has that end', async () => {
    const { log } = await makeLog();
    await log.create('s');
    const ending = log.append('s', [], completed);
    const late = log.append('s', texts(0, 1)).catch((error: StreamError) => `${error.code} ${log.info('s')!.status}`);
    expect(await late).toBe('stream-closed completed');
    await ending;
    await log.dispose();
  });

  it('takes what is asked before the answer to what it rests on', async () => {
    const { log } = await makeLog();
    const creating = log.create('s');
    const appending = [log.append('s', texts(0, 1)), log.append('s', texts(1, 1))];
    const removing = log.delete('s');
    const anew = [log.create('s', { contentType: 'text/plain' }), log.append('s', texts(5, 1), completed)];
    expect(names(log)).toEqual([]);
    await Promise.all([creating, ...appending, removing, ...anew]);
    expect(log.read('s', 0, wide)).toMatchObject({ chunks: texts(5, 1), end: { status: 'completed' } });
    expect(log.info('s')).toMatchObject({ contentType: 'text/plain' });
    await log.dispose();
  });

  it('works beside another in the same process', async () => {
    const [a, b] = [await makeLog(), await makeLog()];
    for (const { log } of [a, b]) await log.create('s');
    await Promise.all([a.log.append('s', texts(0, 2)), b.log.append('s', texts(5, 1), completed)]);
    expect(a.log.read('s', 0, wide)).toMatchObject({ from: 0, chunks: texts(0, 2), next: 2 });
    expect(b.log.read('s', 0, wide)).toMatchObject({ chunks: texts(5, 1), next: 1 });
    await a.log.dispose();
    await b.log.append('s', [], completed);
    await b.log.dispose();
  });

  it('waits for the disk when it is disposed of, and answers nothing afterwards', async () => {
    const { log, open } = await makeLog();
    await log.create('s');
    const appending = log.append('s', texts(0, 3));
    await Promise.all([log.dispose(), log.dispose()]);
    expect(await appending).toMatchObject({ next: 3 });
    await refused('log-unavailable', () => log.append('s', texts(3, 1)));
    await refused('log-unavailable', () => log.read('s', 0, wide));
    await refused('log-unavailable', () => log.list());
    const again = await open();
    expect(again.info('s')?.next).toBe(3);
    await again.dispose();
  });

  it('refuses a folder that has no name, and bounds that are none', async () => {
    await expect(createLmdbLog('')).rejects.toThrow(/^folder must be a path/);
    await expect(createLmdbLog(5 as never)).rejects.toThrow(TypeError);
    for (const bound of ['maxChunks', 'maxTotalBytes', 'maxPendingBytes', 'maxStreams', 'maxProducers', 'ttlMs']) {
      await expect(createLmdbLog(temporary(), { [bound]: 0 })).rejects.toThrow(new RegExp(`^${bound} must be`));
    }
  });

  it('refuses the second log of a folder', async () => {
    const { log, open } = await makeLog();
    await refused('log-in-use', () => open());
    await log.create('s');
    await log.dispose();
  });
});

describe('bounds of a log in a folder', () => {
  it('lets the oldest chunks go beyond maxChunks, from the disk as well', async () => {
    const { log, folder } = await makeLog({ maxChunks: 5 });
    await log.create('s');
    for (let n = 0; n < 4; n++) await log.append('s', texts(3 * n, 3));
    expect(log.read('s', 0, wide)).toMatchObject({ from: 7, chunks: texts(7, 5), next: 12 });
    await log.append('s', texts(12, 10));
    expect(log.read('s', 0, wide)).toMatchObject({ from: 17, chunks: texts(17, 5), next: 22 });
    await expect.poll(() => log.append('s', []).then(() => true)).toBe(true);
    await log.dispose();
    expect(await chunksOnDisk(folder)).toBeLessThan(22);
  });

  it('has room again when what was trimmed or removed has left the disk, also after a restart', async () => {
    const { log, open } = await makeLog({ maxTotalBytes: 4 * length });
    for (const name of ['s', 't']) await log.create(name);
    await log.append('s', texts(10, 4));
    await refused('log-full', () => log.append('t', texts(10, 1)));
    await log.trim('s', 1);
    await expect.poll(() => log.append('t', texts(10, 1)).catch(() => undefined)).toMatchObject({ next: 1 });
    await log.dispose();
    const again = await open();
    await refused('log-full', () => again.append('t', texts(11, 1)));
    await again.delete('s');
    await expect.poll(() => again.append('t', texts(11, 3)).catch(() => undefined)).toMatchObject({ next: 4 });
    await refused('log-full', () => again.append('t', texts(14, 1)));
    await again.dispose();
  });

  it('refuses a chunk that never has room, and its whole batch', async () => {
    const { log } = await makeLog({ maxTotalBytes: 200 });
    await log.create('s');
    const batch = [...texts(10, 1), encoded('x'.repeat(200))];
    await refused('chunk-too-large', () => log.append('s', batch, { ...by('p', 0), ...completed }));
    expect(log.info('s')).toMatchObject({ next: 0, status: 'active' });
    expect(await log.append('s', texts(10, 1), by('p', 0))).toMatchObject({ duplicates: 0, next: 1 });
    await log.dispose();
  });

  it('refuses what would make too much wait for the disk, and keeps what was before it', async () => {
    const { log } = await makeLog({ maxPendingBytes: 5 * length });
    await log.create('s');
    const answers = await Promise.allSettled(texts(10, 9).map((chunk, i) => log.append('s', [chunk], by('p', i))));
    const codes = answers.map((answer) =>
      answer.status === 'rejected' ? (answer.reason as StreamError).code : 'kept',
    );
    const kept = codes.indexOf('overflow');
    expect(kept).toBeGreaterThan(0);
    expect(codes.slice(kept)).toEqual(['overflow', ...codes.slice(kept + 1).map(() => 'sequence-gap')]);
    expect(log.read('s', 0, wide).chunks).toEqual(texts(10, kept));
    await log.append('s', texts(10, 9).slice(kept), by('p', kept));
    expect(log.read('s', 0, wide).chunks).toEqual(texts(10, 9));
    await log.dispose();
  });

  it('refuses one stream and one producer more than it may keep', async () => {
    const { log } = await makeLog({ maxStreams: 2, maxProducers: 1 });
    for (const name of ['s', 't', 's']) await log.create(name);
    await refused('log-full', () => log.create('u'));
    await log.delete('s');
    await log.create('u');
    await log.append('t', texts(0, 1), by('p', 0));
    await refused('limit-reached', () => log.append('t', texts(0, 1), by('q', 0)));
    await log.dispose();
  });
});

describe('expiry in a folder', () => {
  it('removes an ended stream when its time is over, also when that was while nothing ran', async () => {
    const { log, folder, open, advance } = await makeLog({ ttlMs: 1000 });
    for (const name of ['default', 'short', 'lasting']) {
      await log.create(name, name === 'short' ? { ttlMs: 10 } : name === 'lasting' ? { ttlMs: Infinity } : {});
      await log.append(name, texts(0, 2), completed);
    }
    await log.create('unended');
    advance(10);
    let told = 0;
    log.watch('short', () => told++);
    expect(names(log)).toEqual(['default', 'lasting', 'unended']);
    expect(told).toBe(1);
    await log.dispose();
    advance(1000);
    const again = await open();
    expect(names(again)).toEqual(['lasting', 'unended']);
    await again.create('short');
    expect(again.read('short', 0, wide)).toMatchObject({ from: 0, chunks: [], next: 0 });
    await again.dispose();
    const last = await open();
    expect(names(last)).toEqual(['lasting', 'short', 'unended']);
    await last.dispose();
    expect(await chunksOnDisk(folder)).toBeLessThanOrEqual(6);
  });
});

describe('what is forgotten', () => {
  it('is gone although a stream of the same name had taken its place before that was written', async () => {
    const { log, folder, open } = await makeLog();
    await log.create('s');
    await log.append('s', texts(0, 2));
    await log.dispose();
    const opened = await openFolder(folder);
    await opened.write(() => {
      void opened.states.put(stateKey(9, kinds.created), { streamId: 's', createdAt: 1, config: {} });
      void opened.states.put(stateKey(9, kinds.standing), {});
    });
    await opened.close();
    const again = await open();
    expect(again.list()).toHaveLength(1);
    expect(again.read('s', 0, wide)).toMatchObject({ from: 0, chunks: [], next: 0 });
    for (let n = 0; n < 3; n++) await again.append('s', texts(n, 1));
    await again.dispose();
    expect(await chunksOnDisk(folder)).toBe(3);
  });

  it('leaves the disk little by little, going on after a restart', async () => {
    const { log, folder, open } = await makeLog();
    await log.create('gone');
    await log.create('trimmed');
    await log.append('gone', texts(0, 5000), by('p', 0));
    await log.append('trimmed', texts(0, 5000));
    await log.delete('gone');
    await log.trim('trimmed', 4000);
    await log.dispose();
    expect(await chunksOnDisk(folder)).toBeGreaterThan(1000);
    const again = await open();
    const follower = new Follower(again, 'trimmed');
    for (let n = 0; n < 20; n++) await again.append('trimmed', texts(5000 + n, 1));
    await expect.poll(() => follower.chunks.length).toBe(1020);
    follower.stop();
    expect(again.read('trimmed', 0, wide)).toMatchObject({ from: 4000, chunks: [...texts(4000, 1020)], next: 5020 });
    await again.dispose();
    expect(await chunksOnDisk(folder)).toBe(1020);
  });
});
