import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Chunk, createChunk, decodeChunk, type JsonValue, snapshotOf } from '../../src/chunk/index.js';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import {
  assembled,
  createRollup,
  createStreams,
  type Fold,
  lastJson,
  type RollupOptions,
  type Streams,
} from '../../src/streams/index.js';
import { snapshots } from '../../src/streams/snapshot-store.js';
import { textBodies } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

function stage(options: RollupOptions = {}) {
  const time = new VirtualTime();
  const log = createMemoryLog({ now: () => time.now() });
  const process = () => createStreams({ log, scheduler: time, rollup: { scheduler: time, ...options } });
  return { time, log, process, streams: process() };
}

/** What a reader of a stream gets from a snapshot. */
function join(streams: Streams, streamId = 's') {
  const chunks: Chunk[] = [];
  let outcome = 'open';
  const subscription = streams.receive(streamId, { from: 'snapshot' }).subscribe({
    next: (chunk) => chunks.push(chunk),
    error: (error: { code: string }) => (outcome = error.code),
    complete: () => (outcome = 'completed'),
  });
  return {
    chunks,
    subscription,
    get outcome() {
      return outcome;
    },
    get text() {
      return chunks.map(({ data }) => data).join('');
    },
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const jsonBody = (data: JsonValue) => createChunk({ streamId: 's', seq: 0, data, type: 'json', timestamp: 0 });
const token = (i: number) => ['w\u00f6rd ', '日本 ', '👩‍👩‍👧', ' "quoted"\n', `${i}`][i % 5]!;

describe('createRollup', () => {
  it('gives who comes late one chunk for ten thousand tokens, and the same text', async () => {
    const { time, streams } = stage();
    const tokens = Array.from({ length: 10_000 }, (_, i) => token(i));
    for (let i = 0; i < tokens.length; i += 100) await streams.publish('s', textBodies(...tokens.slice(i, i + 100)));
    const live = join(streams);
    await time.pass(5);
    await streams.publish('s', textBodies('the ', 'end'), { close: { status: 'completed' } });
    const late = join(streams);
    await time.pass(5);
    const whole = sha256(`${tokens.join('')}the end`);
    expect([live.chunks.length, live.outcome, sha256(live.text)]).toEqual([3, 'completed', whole]);
    expect([late.chunks.length, late.outcome, sha256(late.text)]).toEqual([1, 'completed', whole]);
    expect(live.chunks.map(({ seq }) => seq)).toEqual([9_999, 10_000, 10_001]);
    expect(snapshotOf(late.chunks[0]!)).toEqual({ fold: 'assembled', from: 0, seq: 10_002 });
  });

  it('is the same for who comes at any moment, however many processes there are', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), texts: fc.array(fc.string({ unit: 'grapheme' })) }),
      fc.record({ kind: fc.constant('join' as const), process: fc.nat(2) }),
      fc.record({ kind: fc.constant('crash' as const), process: fc.nat(2) }),
      fc.record({ kind: fc.constant('save' as const), process: fc.nat(2) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { time, process } = stage({ everyChunks: 3, everyMs: 10 });
        const processes = [process(), process(), process()];
        let whole = '';
        const joined: ReturnType<typeof join>[] = [];
        await processes[0]!.create('s');
        for (const one of steps) {
          if (one.kind === 'publish') {
            whole += one.texts.join('');
            await processes[0]!.publish('s', textBodies(...one.texts));
          } else if (one.kind === 'join') joined.push(join(processes[one.process]!));
          else if (one.kind === 'crash') processes[one.process] = process();
          else if (one.kind === 'save') await time.until(processes[one.process]!.rollup.save('s'));
          else await time.pass(one.ms);
        }
        await processes[0]!.close('s');
        await time.pass(30);
        joined.push(join(processes[1]!));
        await time.pass(30);
        for (const { text, outcome } of joined) expect([text, outcome]).toEqual([whole, 'completed']);
        expect(joined.at(-1)!.chunks.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });

  it('folds on as the stream grows, saves on the way, and at the end', async () => {
    const { time, log, streams } = stage({ everyChunks: 10, everyMs: 100 });
    await streams.publish('s', textBodies('a'));
    join(streams).subscription.unsubscribe();
    await time.pass(5);
    const kept = () => log.list(`${snapshots}/`).map(({ first, next, status }) => ({ first, next, status }));
    expect(kept()).toEqual([]);
    for (let i = 0; i < 30; i++) await streams.publish('s', textBodies('b'));
    await time.pass(100);
    expect(kept()).toEqual([{ first: 0, next: 1, status: 'active' }]);
    for (let i = 0; i < 30; i++) {
      await streams.publish('s', textBodies('c'));
      await time.pass(20);
    }
    // Ten chunks at a time take 200 ms, and an eighth of the whole is fewer.
    expect(kept()[0]!.next).toBeLessThanOrEqual(4);
    expect(kept()[0]!.first).toBe(kept()[0]!.next - 1);
    await streams.close('s');
    await time.pass(200);
    expect(kept()[0]!.status).toBe('completed');
    expect(time.actions).toEqual([]);
  });

  it('goes on from the last snapshot when a process has died, and from the first chunk when there is none', async () => {
    const { time, log, process, streams } = stage();
    const texts = Array.from({ length: 500 }, (_, i) => token(i));
    await streams.publish('s', textBodies(...texts));
    expect(await time.until(streams.rollup.save('s'))).toBe(500);
    await streams.publish('s', textBodies('more'));
    const from: number[] = [];
    const { read } = log;
    log.read = (streamId, place, limit) => {
      if (streamId === 's') from.push(place);
      return read.call(log, streamId, place, limit);
    };
    const after = join(process());
    await time.pass(5);
    expect([sha256(after.text), Math.min(...from)]).toEqual([sha256(`${texts.join('')}more`), 500]);
    for (const { streamId } of log.list(`${snapshots}/`)) log.delete(streamId);
    const anew = join(process());
    await time.pass(5);
    expect([anew.text, Math.min(...from)]).toEqual([after.text, 0]);
  });

  it('brings back what was trimmed', async () => {
    const { time, log, process, streams } = stage();
    await streams.publish('s', textBodies('a', 'b', 'c'));
    log.trim('s', await time.until(streams.rollup.save('s')));
    await streams.publish('s', textBodies('d'), { close: { status: 'completed' } });
    const late = join(process());
    await time.pass(5);
    expect([late.text, late.outcome, log.info('s')!.first]).toEqual(['abcd', 'completed', 3]);
  });

  it('says which chunks are missing when they were trimmed before they were folded', async () => {
    const { time, log, streams } = stage();
    await streams.publish('s', textBodies('a', 'b'));
    join(streams);
    await time.pass(5);
    await streams.publish('s', textBodies('c', 'd'));
    log.trim('s', 3);
    const late = join(streams);
    await time.pass(5);
    expect([late.text, late.outcome]).toEqual(['ab', 'gap']);
  });

  it('folds the newest of JSON states, or whatever a fold of yours makes of them', async () => {
    const sum: Fold<number> = {
      name: 'sum',
      initial: 0,
      fold: (state, { data }) => state + (data as number),
      encode: (state) => ({ type: 'json', data: state }),
      decode: ({ data }) => data as number,
    };
    const { time, streams } = stage({
      fold: ({ contentType }) => (contentType === 'application/sum+json' ? sum : lastJson),
    });
    await streams.create('sum', { contentType: 'application/sum+json' });
    for (const name of ['s', 'sum']) await streams.publish(name, [1, 2, 3].map(jsonBody));
    const [state, total] = [join(streams, 's'), join(streams, 'sum')];
    await time.pass(5);
    await streams.publish('sum', [jsonBody(4)]);
    await time.pass(5);
    expect([state.chunks, total.chunks].map((chunks) => chunks.map(({ data }) => data))).toEqual([[3], [6, 4]]);
    expect(state.chunks[0]!.type).toBe('json');
  });

  it('leaves a stream as it is that has no fold, or does not fit it', async () => {
    const { time, log, streams } = stage({ fold: ({ streamId }) => (streamId === 'none' ? undefined : assembled()) });
    await streams.publish('none', textBodies('a', 'b'));
    await streams.publish('json', [jsonBody(1), jsonBody(2)]);
    await streams.publish('sluice/leases', textBodies('a', 'b'));
    for (const name of ['none', 'json', 'sluice/leases']) {
      const reader = join(streams, name);
      await time.pass(5);
      expect(reader.chunks.map(({ seq }) => seq)).toEqual([0, 1]);
      expect(await time.until(streams.rollup.save(name))).toBe(0);
    }
    log.trim('none', 1);
    const behind = join(streams, 'none');
    await time.pass(5);
    expect(behind.chunks.map(({ seq }) => seq)).toEqual([1]);
  });

  it('waits for the first chunk of an empty stream', async () => {
    const { time, streams } = stage();
    await streams.create('s');
    const reader = join(streams);
    await time.pass(5);
    await streams.publish('s', textBodies('a'));
    await time.pass(5);
    expect(reader.text).toBe('a');
  });

  it('finds no stream where there is none', async () => {
    const { time, streams } = stage();
    const reader = join(streams, 'nobody');
    await time.pass(5);
    expect(reader.outcome).toBe('stream-not-found');
    await expect(streams.rollup.snapshot('nobody')).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('goes with its stream, and is not taken for one of the next stream of the name', async () => {
    const { time, log, streams, process } = stage();
    const other = process();
    await streams.publish('s', textBodies('a', 'b'));
    for (const one of [streams, other]) await time.until(one.rollup.save('s'));
    await streams.delete('s');
    expect(log.list(snapshots)).toEqual([]);
    await time.pass(1);
    await streams.publish('s', textBodies('x'));
    const readers = [join(streams), join(other)];
    await time.pass(5);
    expect(readers.map(({ text }) => text)).toEqual(['x', 'x']);
    await streams.delete('nobody');
  });

  it('does not go on with what it knew of an earlier stream of the name, however much there is of the new one', async () => {
    const { time, log, streams } = stage();
    await streams.publish('s', textBodies('a', 'b'));
    join(streams);
    await time.pass(5);
    log.delete('s');
    await time.pass(1);
    await streams.publish('s', textBodies('x', 'y', 'z'));
    const reader = join(streams);
    await time.pass(5);
    expect(reader.text).toBe('xyz');
  });

  it('rolls no more streams up than it may: the one not asked of for longest is let go', async () => {
    const { time, streams, log } = stage({ maxStreams: 2, everyChunks: 1, everyMs: 10 });
    const names = ['a', 'b', 'c'];
    for (const name of names) await streams.publish(name, textBodies('x'));
    for (const name of ['a', 'b', 'a', 'c']) await streams.rollup.snapshot(name);
    await time.pass(50);
    for (const name of names) await streams.publish(name, textBodies('y'));
    await time.pass(50);
    const saved = log.list(`${snapshots}/`).filter(({ next }) => next > 1);
    expect(saved.map(({ source }) => source)).toEqual(['a', 'c']);
  });

  it('rolls no more up when its streams are disposed of, or their stream is gone', async () => {
    const { time, log, streams, process } = stage({ everyMs: 10, everyChunks: 1 });
    const other = process();
    await streams.publish('s', textBodies('x'));
    for (const one of [streams, other]) await one.rollup.snapshot('s');
    await time.pass(20);
    streams.rollup.dispose();
    log.delete('s');
    await time.pass(50);
    log.create('s');
    await time.pass(50);
    expect(time.actions).toEqual([]);
  });

  it('lets a reader have its snapshot when it cannot be saved', async () => {
    const { time, log, streams } = stage({ everyChunks: 1, everyMs: 10 });
    await streams.publish('s', textBodies('x', 'y'));
    const { append } = log;
    log.append = () => {
      throw new Error('disk full');
    };
    const reader = join(streams);
    await time.pass(50);
    expect(reader.text).toBe('xy');
    log.append = append;
    await streams.publish('s', textBodies('z'));
    await time.pass(50);
    expect(log.list(`${snapshots}/`)).toHaveLength(1);
  });

  it('gives an iterator the snapshot first, too', async () => {
    const { time, streams } = stage();
    await streams.publish('s', textBodies('a', 'b'));
    const reading = streams.read('s', { from: 'snapshot' });
    expect((await time.until(reading.next())).value).toMatchObject({ data: 'ab', seq: 1 });
    await streams.publish('s', textBodies('c'), { close: { status: 'completed' } });
    expect((await time.until(reading.next())).value).toMatchObject({ data: 'c', seq: 2 });
    expect((await time.until(reading.next())).done).toBe(true);
    const left = streams.read('s', { from: 'snapshot' });
    const first = left.next();
    await left.return!();
    expect((await first).done).toBe(true);
  });

  it.each([
    ['everyChunks', { everyChunks: 0 }],
    ['everyMs', { everyMs: 2 ** 31 }],
    ['maxBytes', { maxBytes: 0 }],
    ['maxStreams', { maxStreams: 0 }],
    ['ttlMs', { ttlMs: 0 }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => createRollup(createMemoryLog(), options)).toThrow(new RegExp(`^${name} must be`));
  });

  it('says that it is the choice of a fold that has thrown', async () => {
    const streams = createStreams({
      log: createMemoryLog(),
      rollup: {
        fold: () => {
          throw new Error('no fold today');
        },
      },
    });
    await streams.publish('s', textBodies('a'));
    const failed = { code: 'callback-failed', message: 'no fold today', details: { streamId: 's' } };
    await expect(streams.rollup.snapshot('s')).rejects.toMatchObject(failed);
    await expect(lastValueFrom(streams.receive('s', { from: 'snapshot' }))).rejects.toMatchObject(failed);
    await streams.dispose();
  });

  it('refuses a fold whose name cannot stand in that of a stream', async () => {
    const { streams } = stage({ fold: () => ({ ...assembled(), name: 'a/b' }) });
    await streams.publish('s', textBodies('a'));
    await expect(streams.rollup.snapshot('s')).rejects.toThrow(RangeError);
  });

  it('keeps the last snapshot as long as it is told', async () => {
    const { time, log, streams } = stage({ ttlMs: 1000 });
    await streams.publish('s', textBodies('a'), { close: { status: 'completed' } });
    await time.until(streams.rollup.save('s'));
    await time.pass(990);
    expect(log.list(snapshots)).toHaveLength(1);
    await time.pass(20);
    expect(log.list(snapshots)).toHaveLength(0);
  });

  it('is not asked more of than there is: a snapshot is the same object for all', async () => {
    const log: Log = createMemoryLog();
    const streams = createStreams({ log });
    await streams.publish('s', textBodies('a', 'b'));
    const [one, two] = await Promise.all([streams.rollup.snapshot('s'), streams.rollup.snapshot('s')]);
    expect(two!.chunk).toBe(one!.chunk);
    expect(decodeChunk('s', 1, one!.chunk).data).toBe('ab');
    await streams.dispose();
  });
});
