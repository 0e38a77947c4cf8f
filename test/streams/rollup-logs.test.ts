import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Chunk, snapshotOf } from '../../src/chunk/index.js';
import type { Log } from '../../src/log/log.js';
import { createLmdbLog } from '../../src/log/lmdb.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams, type Streams } from '../../src/streams/index.js';
import { snapshots } from '../../src/streams/snapshot-store.js';
import { temporaryFolders } from '../log/lmdb/temporary.js';
import { textBodies } from '../bodies.js';
import { natsStage } from '../servers/nats-stage.js';
import { natsPath } from '../servers/nats.js';
import { redisStage } from '../servers/redis-stage.js';
import { redisPath } from '../servers/redis.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const tokens = Array.from({ length: 10_000 }, (_, i) => ['wörd ', '日本', ' 👩‍👩‍👧', '\n', `${i}`][i % 5]!);

/** Reads a stream to its end, from a snapshot. */
async function readAll(streams: Streams, streamId = 's'): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of streams.read(streamId, { from: 'snapshot' })) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: readonly Chunk[]) => chunks.map(({ data }) => data).join('');

/** What a rollup does over every log. `open` gives the log as another process sees it. */
function rollsUp(open: () => Promise<Log>): void {
  const running: Streams[] = [];
  const process = async (): Promise<Streams> => {
    const streams = createStreams({ log: await open(), rollup: { everyChunks: 100, everyMs: 20 } });
    running.push(streams);
    return streams;
  };
  afterEach(() => {
    for (const streams of running.splice(0)) streams.rollup.dispose();
  });

  it('gives who comes late one chunk for ten thousand tokens, in another process too', async () => {
    const [producer, other] = [await process(), await process()];
    for (let i = 0; i < tokens.length; i += 500) await producer.publish('s', textBodies(...tokens.slice(i, i + 500)));
    const live = readAll(other);
    await other.rollup.snapshot('s');
    await producer.publish('s', textBodies('the', ' end'), { close: { status: 'completed' } });
    const whole = sha256(`${tokens.join('')}the end`);
    for (const chunks of [await live, await readAll(await process()), await readAll(producer)]) {
      expect(sha256(textOf(chunks))).toBe(whole);
      expect(chunks.length).toBeLessThanOrEqual(3);
    }
  }, 60_000);

  it('goes on from what another process saved, and brings back what was trimmed', async () => {
    const [producer, dies] = [await process(), await process()];
    await producer.publish('s', textBodies(...tokens.slice(0, 300)));
    const to = await dies.rollup.save('s');
    dies.rollup.dispose();
    await producer.log.trim('s', to);
    await producer.publish('s', textBodies('more'), { close: { status: 'completed' } });
    const [first, ...others] = await readAll(await process());
    expect([to, others.length, first!.data]).toEqual([300, 0, `${tokens.slice(0, 300).join('')}more`]);
    expect(snapshotOf(first!)).toEqual({ fold: 'assembled', from: 0, seq: 301 });
  }, 60_000);

  it('comes to no harm by many processes, and keeps one snapshot', async () => {
    const all = [await process(), await process(), await process()];
    await all[0]!.create('s');
    for (let round = 0; round < 10; round++) {
      await all[0]!.publish('s', textBodies(...tokens.slice(round * 20, round * 20 + 20)));
      await Promise.all(all.map(async ({ rollup }) => rollup.save('s')));
    }
    await all[0]!.close('s');
    await Promise.all(all.map(async ({ rollup }) => rollup.save('s')));
    const kept = await all[0]!.list(`${snapshots}/`);
    expect(kept.map(({ first, next, status, source }) => [next - first, status, source])).toEqual([
      [1, 'completed', 's'],
    ]);
    expect(textOf(await readAll(await process()))).toBe(tokens.slice(0, 200).join(''));
    await all[1]!.delete('s');
    expect(await all[0]!.list()).toEqual([]);
  }, 60_000);
}

describe('a rollup over the log in memory', () => {
  let log = createMemoryLog();
  afterEach(() => (log = createMemoryLog()));
  rollsUp(async () => log);
});

describe('a rollup over LMDB', () => {
  const temporary = temporaryFolders();
  let log: Promise<Log> | undefined;
  afterEach(async () => {
    await (await log)?.dispose();
    log = undefined;
  });
  // A folder is open once: processes that use it one behind the other share the log here.
  rollsUp(() => (log ??= createLmdbLog(temporary())));
});

describe.skipIf(redisPath === undefined)('a rollup over Redis', () => {
  const stage = redisStage();
  rollsUp(async () => stage.log('ioredis'));
});

describe.skipIf(natsPath === undefined)('a rollup over NATS', () => {
  const stage = natsStage();
  rollsUp(() => stage.log());
});
