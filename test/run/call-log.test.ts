import { StreamError } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import type { ActorChunk } from 'sluice/run';
import { createStreams, type Streams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { CallLog, isOver, reasonOf } from '../../src/run/call-log.js';

const streamId = 'actors/a/b';
const data = (value: number): ActorChunk => ({ type: 'data', value });

async function stage(): Promise<{ streams: Streams; log: (epoch: number, target?: Streams) => CallLog }> {
  const streams = createStreams({ log: createMemoryLog() });
  await streams.create(streamId);
  return { streams, log: (epoch, target = streams) => new CallLog(target, streamId, { id: 'x', epoch }, () => 7) };
}

/** Streams of which appends wait until they are let go. */
function slow(streams: Streams): { target: Streams; sizes: number[]; letGo: () => void } {
  const sizes: number[] = [];
  let letGo!: () => void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const target = Object.assign(Object.create(streams) as Streams, {
    append: async (...given: Parameters<Streams['append']>) => {
      sizes.push(given[1].length);
      await gate;
      return await streams.append(...given);
    },
  });
  return { target, sizes, letGo };
}

describe('call log', () => {
  it('keeps chunks in order, and ends the stream with the last one in one step', async () => {
    const { streams, log } = await stage();
    const mine = log(1);
    await mine.begin();
    for (let n = 0; n < 5; n++) await mine.add(data(n));
    const changes: unknown[] = [];
    streams.log.watch(streamId, () => changes.push(streams.info(streamId)));
    await mine.add({ type: 'complete', output: 1 });
    const kept = [];
    for await (const chunk of streams.read(streamId)) kept.push([chunk.data, chunk.final, chunk.timestamp]);
    expect(kept).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => [data(n), false, 7]),
      [{ type: 'complete', output: 1 }, true, 7],
    ]);
    expect(await streams.info(streamId)).toMatchObject({ status: 'completed', next: 6 });
  });

  it('ends the stream of a call that failed as failed', async () => {
    const { streams, log } = await stage();
    await log(1).add({ type: 'error', message: `${'x'.repeat(1023)}😀` });
    const info = await streams.info(streamId);
    expect(info).toMatchObject({ status: 'failed' });
    expect(info?.reason).toHaveLength(1024);
    expect(info?.reason?.isWellFormed()).toBe(true);
  });

  it('cuts a reason that is too long, not through a character', () => {
    expect([reasonOf('no'), reasonOf(`${'x'.repeat(1023)}😀`).isWellFormed()]).toEqual(['no', true]);
  });

  it('lets the actor wait while much is on its way, which then goes together', async () => {
    const { streams, log } = await stage();
    const { target, sizes, letGo } = slow(streams);
    const mine = log(1, target);
    for (let n = 0; n < 256; n++) await mine.add(data(n));
    let waits = true;
    const added = mine.add(data(256)).then(() => (waits = false));
    await new Promise((resolve) => setTimeout(resolve));
    expect(waits).toBe(true);
    letGo();
    await added;
    await mine.add({ type: 'complete' });
    expect(sizes).toEqual([1, 256, 1]);
  });

  it('says why nothing more is kept, and keeps nothing behind a hole', async () => {
    const { streams, log } = await stage();
    const former = log(1);
    await former.add(data(0));
    await log(2).begin();
    await former.add(data(1));
    await expect(former.add({ type: 'complete' })).rejects.toMatchObject({ code: 'producer-fenced' });
    await expect(former.add(data(2))).rejects.toMatchObject({ code: 'producer-fenced' });
    expect(await streams.info(streamId)).toMatchObject({ status: 'active', next: 1 });
  });

  it('does not make a stream that is gone', async () => {
    const { streams, log } = await stage();
    await streams.delete(streamId);
    await expect(log(1).begin()).rejects.toSatisfy(isOver);
    expect(await streams.info(streamId)).toBeUndefined();
  });

  it.each([
    ['stream-closed', true],
    ['stream-cancelled', true],
    ['stream-not-found', true],
    ['producer-fenced', false],
  ] as const)('takes %s for an end of the call: %s', (code, isEnd) => {
    expect(isOver(new StreamError(code, 'x'))).toBe(isEnd);
    expect(isOver(new Error(code))).toBe(false);
  });
});
