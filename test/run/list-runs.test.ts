import { createChunk, StreamError } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createRuns, pipeline } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';

const hang = () => new Promise<never>(() => {});
const good = pipeline('good').step('a', () => 1);
const bad = pipeline('bad').step('a', () => Promise.reject(new Error('storm')));
const sits = pipeline('sits').step('a', hang);
const asks = pipeline('asks').step('a', (_, { waitFor }) => waitFor('go'));

function stage() {
  const reads: { streamId: string; chunks: number }[] = [];
  const log = createMemoryLog();
  const read = log.read.bind(log);
  log.read = (streamId, from, limit) => {
    const slice = read(streamId, from, limit);
    reads.push({ streamId, chunks: slice.chunks.length });
    return slice;
  };
  const streams = createStreams({ log });
  const runs = createRuns({ streams, leaseMs: Infinity });
  const settle = async (one: ReturnType<typeof runs.start<unknown, unknown>>) =>
    void (await Promise.allSettled([one.result]));
  /** Created one after the other, so that their order is known. */
  const tick = async () => {
    const since = Date.now();
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(since);
  };
  return { streams, runs, settle, tick, reads };
}

/** A run of every kind, the oldest first. */
async function everyKind() {
  const parts = stage();
  const { streams, runs, settle, tick } = parts;
  const start = async (one: typeof good, executionId: string) => {
    const run = runs.start(one, undefined, { executionId });
    await run.begun;
    await tick();
    return run;
  };
  await settle(await start(good, 'completed'));
  await settle(await start(bad as never, 'failed'));
  const cancelled = await start(sits as never, 'cancelled');
  await runs.cancel('cancelled', 'not wanted');
  await settle(cancelled);
  await start(sits as never, 'running');
  await start(asks as never, 'waiting');
  await start(sits as never, 'lost');
  await expect.poll(async () => (await runs.info('waiting'))?.status).toBe('waiting');
  await streams.close('runs/lost', 'failed', 'producer-lost');
  return parts;
}

describe('Runs.list', () => {
  it('says how each run stands, the newest first', async () => {
    const { runs } = await everyKind();
    const { runs: list, next } = await runs.list();
    expect(list.map(({ executionId }) => executionId)).toEqual(list.map(({ status }) => status));
    expect(list.map(({ status }) => status)).toEqual([
      'lost',
      'waiting',
      'running',
      'cancelled',
      'failed',
      'completed',
    ]);
    expect(next).toBeUndefined();
    expect(list.map(({ reason }) => reason)).toEqual([
      undefined,
      undefined,
      undefined,
      'not wanted',
      'storm',
      undefined,
    ]);
    expect(list.at(-1)).toEqual({
      executionId: 'completed',
      pipeline: 'good',
      status: 'completed',
      startedAt: expect.any(Number) as unknown,
      endedAt: expect.any(Number) as unknown,
      durationMs: expect.any(Number) as unknown,
    });
    for (const { durationMs, startedAt, endedAt, status } of list) {
      const isOver = !['running', 'waiting'].includes(status);
      expect([status, endedAt !== undefined]).toEqual([status, isOver]);
      if (isOver) expect(durationMs).toBe(endedAt! - startedAt);
    }
  });

  it('lists what is asked for, a page at a time', async () => {
    const { runs } = await everyKind();
    const ids = async (options: Parameters<typeof runs.list>[0]) => {
      const { runs: list, next } = await runs.list(options);
      return [list.map(({ executionId }) => executionId), next !== undefined];
    };
    expect(await ids({ status: ['failed', 'lost'] })).toEqual([['lost', 'failed'], false]);
    expect(await ids({ pipeline: 'sits' })).toEqual([['lost', 'running', 'cancelled'], false]);
    expect(await ids({ only: ({ streamId }) => streamId.endsWith('ing') })).toEqual([['waiting', 'running'], false]);
    const first = await runs.list({ limit: 4 });
    expect(first.runs.map(({ status }) => status)).toEqual(['lost', 'waiting', 'running', 'cancelled']);
    const second = await runs.list({ limit: 4, after: first.next! });
    expect([second.runs.map(({ status }) => status), second.next]).toEqual([['failed', 'completed'], undefined]);
    expect(await runs.list({ after: '0.none' })).toEqual({ runs: [] });
    await expect(runs.list({ limit: 1001 })).rejects.toThrow(
      'limit must be a whole number of at least 1 and at most 1000',
    );
  });

  it('reads the end of a run and no more, however long it is', async () => {
    const { runs, settle, reads } = stage();
    const chatty = pipeline('chatty', { streaming: { bufferSize: 1 } })
      .step('talk', async function* () {
        for (let i = 0; i < 500; i++) yield 'x';
      })
      .step('done', (text) => text.length);
    await settle(runs.start(chatty, undefined, { executionId: 'long' }) as never);
    reads.length = 0;
    expect((await runs.list()).runs).toMatchObject([{ executionId: 'long', status: 'completed' }]);
    expect(reads).toEqual([{ streamId: 'runs/long', chunks: 1 }]);
  });

  it('says that a run goes on that was answered, though it has not told so yet', async () => {
    const { streams, runs } = stage();
    await runs.start(asks, undefined, { executionId: 'one' }).begun;
    await expect.poll(async () => (await runs.list()).runs[0]?.status).toBe('waiting');
    const before = (await streams.info('runs/one'))!;
    const data = { type: 'answer', step: 'a', name: 'go', value: 1 } as const;
    await streams.publish('runs/one/inbox', [createChunk({ streamId: 'x', seq: 0, data })]);
    // As it looks to a process that hears of the answer before it hears of what came of it.
    const early = Object.assign(Object.create(streams) as typeof streams, { list: () => [before] });
    expect((await createRuns({ streams: early }).list()).runs).toMatchObject([{ status: 'running' }]);
  });

  it('takes what tells nothing for a run that goes on, and leaves out what is gone by then', async () => {
    const { streams } = stage();
    await streams.publish('runs/junk', [createChunk({ streamId: 'x', seq: 0, data: 'junk' })]);
    await streams.create('runs/empty');
    await streams.create('runs/a/inbox');
    const gone = { ...(await streams.info('runs/empty'))!, streamId: 'runs/gone', next: 3 };
    const late = Object.assign(Object.create(streams) as typeof streams, {
      list: async () => [...(await streams.list('runs/')), gone],
    });
    const { runs: list } = await createRuns({ streams: late }).list();
    expect(list.map(({ executionId, status }) => [executionId, status]).toSorted()).toEqual([
      ['empty', 'running'],
      ['junk', 'running'],
    ]);
  });

  it('fails as the log does', async () => {
    const { streams, runs, settle } = stage();
    await settle(runs.start(good, undefined, { executionId: 'one' }) as never);
    const failing = Object.assign(Object.create(streams) as typeof streams, {
      read: () => {
        throw new StreamError('log-unavailable', 'it has gone');
      },
    });
    await expect(createRuns({ streams: failing }).list()).rejects.toThrow('it has gone');
  });
});
