import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { limitLog, type StreamLimits } from '../../src/streams/index.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encodedTexts } from '../bodies.js';
import { LateLog } from '../gateway/late-log.js';

const wide: StreamLimits = { maxStreams: 1e6, maxChunkBytes: 1e9, maxChunks: 1e9, maxBytes: 1e12 };
logLaws('a log within limits', () => {
  let now = 1_000_000;
  const log = limitLog(createMemoryLog({ now: () => now }), wide, () => now);
  return { log, advance: (ms: number) => void (now += ms) };
});

function stage(limits: StreamLimits) {
  let now = 0;
  const kept = createMemoryLog({ now: () => now });
  const log = limitLog(kept, limits, () => now);
  return { kept, log, pass: (ms: number) => void (now += ms) };
}

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};
const by = (seq: number) => ({ producer: { id: 'p', epoch: 0, seq } });

describe('limitLog', () => {
  it('is of one process where the log beneath it is', () => {
    const kept = createMemoryLog();
    expect(limitLog(kept, {})).not.toHaveProperty('exclusive');
    expect(limitLog(Object.assign(kept, { exclusive: true }), {}).exclusive).toBe(true);
  });

  it('takes so many streams and no more, and another when one is gone', async () => {
    const { log, kept, pass } = stage({ maxStreams: 2 });
    kept.create('before');
    await log.create('a');
    expect(await codeOf(() => log.create('b'))).toBe('limit-reached');
    expect(await codeOf(() => log.create('a'))).toBe('done');
    expect(await codeOf(() => log.create('sluice/leases'))).toBe('done');
    kept.delete('before');
    // They are not counted at each attempt.
    expect(await codeOf(() => log.create('b'))).toBe('limit-reached');
    pass(1000);
    expect(await codeOf(() => log.create('b'))).toBe('done');
    expect(await codeOf(() => log.create('c'))).toBe('limit-reached');
    expect(kept.list().map(({ streamId }) => streamId)).toEqual(['a', 'b', 'sluice/leases']);
  });

  it('counts streams that are there only once it is full', () => {
    const { log, kept } = stage({ maxStreams: 100 });
    let lists = 0;
    const { list } = kept;
    kept.list = (...args) => {
      lists++;
      return list.apply(kept, args);
    };
    for (let i = 0; i < 50; i++) void log.create(`s/${i}`);
    expect(lists).toBe(1);
  });

  it('takes no chunk that is too large, and nothing of its batch', async () => {
    const { log, kept } = stage({ maxChunkBytes: 100 });
    await log.create('s');
    expect(await codeOf(() => log.append('s', encodedTexts('a', 'x'.repeat(100))))).toBe('chunk-too-large');
    expect(await codeOf(() => log.append('s', encodedTexts('a', 'b')))).toBe('done');
    expect(kept.info('s')!.next).toBe(2);
  });

  it.each([
    ['chunks', { maxChunks: 3 }],
    ['bytes', { maxBytes: 3 }],
  ])('takes so many %s of a stream, acknowledges what is there, and lets it end', async (_, limits) => {
    const { log, kept } = stage(limits);
    await log.create('s');
    expect(await codeOf(() => log.append('s', encodedTexts('a', 'b'), by(0)))).toBe('done');
    expect(await codeOf(() => log.append('s', encodedTexts('c', 'd'), by(2)))).toBe('limit-reached');
    expect(await codeOf(() => log.append('s', encodedTexts('c'), by(2)))).toBe('done');
    expect(await codeOf(() => log.append('s', encodedTexts('d'), by(3)))).toBe('limit-reached');
    expect(await codeOf(() => log.append('s', encodedTexts('d')))).toBe('limit-reached');
    expect(log.append('s', encodedTexts('b', 'c'), by(1))).toMatchObject({ duplicates: 2, next: 3 });
    expect(await codeOf(() => log.append('s', encodedTexts('c', 'd'), by(2)))).toBe('limit-reached');
    expect(await codeOf(() => log.append('s', encodedTexts('x'), by(9)))).toBe('sequence-gap');
    expect(kept.info('s')).toMatchObject({ next: 3, status: 'active' });
    await log.append('s', [], { ...by(3), close: { status: 'completed' } });
    expect(kept.info('s')).toMatchObject({ next: 3, status: 'completed' });
    expect(await codeOf(() => log.append('s', encodedTexts('d'), by(3)))).toBe('stream-closed');
    expect(await codeOf(() => log.append('nobody', encodedTexts('a')))).toBe('stream-not-found');
  });

  it('sets no limit to streams of our own', async () => {
    const { log } = stage({ maxChunks: 1, maxChunkBytes: 1, maxStreams: 1 });
    await log.create('sluice/leases');
    expect(await codeOf(() => log.append('sluice/leases', encodedTexts('a', 'b')))).toBe('done');
  });

  it('refuses late where the log answers late, and keeps the order of calls', async () => {
    const late = new LateLog(() => 0.3);
    const log: Log = limitLog(late, { maxChunks: 4, maxStreams: 1 }, () => 0);
    const calls = [
      log.create('s'),
      log.append('s', encodedTexts('a')),
      log.append('s', encodedTexts('b', 'c')),
      log.append('s', encodedTexts('d', 'e')),
      log.append('s', encodedTexts('f'), { close: { status: 'completed' } }),
    ].map(async (call) => codeOf(() => call));
    let open = calls.length;
    for (const call of calls) void call.then(() => open--);
    while (open > 0) {
      for (let hops = 0; hops < 8; hops++) await undefined;
      late.answerOne();
    }
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done', 'limit-reached', 'done']);
    const kept = late.inner.read('s', 0, { chunks: 10, bytes: 1000 }).chunks;
    expect(kept).toEqual(encodedTexts('a', 'b', 'c', 'f'));
  });

  it.each(['maxStreams', 'maxChunkBytes', 'maxChunks', 'maxBytes'] as const)('refuses a wrong %s', (name) => {
    expect(() => limitLog(createMemoryLog(), { [name]: 0 })).toThrow(`${name} must be`);
  });

  it('knows the time without being told', () => {
    const log = limitLog(createMemoryLog(), { maxStreams: 1 });
    void log.create('a');
    expect(() => log.create('b')).toThrow('as many as there may be');
  });
});
