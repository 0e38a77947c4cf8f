import type { EncodedChunk } from 'sluice/chunk';
import type { AppendOptions } from 'sluice/log';
import type { RunEvent } from 'sluice/run';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/run/event-log.js';

function stage(append: (chunks: readonly EncodedChunk[]) => Promise<unknown> = async () => {}) {
  const appends: [number, AppendOptions | undefined][] = [];
  const broken: unknown[] = [];
  const log = new EventLog({
    streams: {
      append: async (_, chunks, options) => {
        appends.push([chunks.length, options]);
        await append(chunks);
        return { first: 0, next: 0, duplicates: 0, ended: false };
      },
    },
    streamId: 'runs/r',
    producer: { id: 'run', epoch: 3 },
    at: 5,
    maxEventBytes: 100,
    broken: (error) => broken.push(error),
  });
  return { log, appends, broken };
}

const event = (type: RunEvent['event_type'] = 'step_log', message = 'x'): RunEvent =>
  ({ event_type: type, execution_id: 'r', step_id: 'a', timestamp: 1, data: { message } }) as unknown as RunEvent;

describe('event log', () => {
  it('keeps together what is told in one turn, the first on condition, and ends behind the last', async () => {
    const { log, appends } = stage();
    log.next(event());
    log.next(event());
    await log.kept();
    expect(log.count).toBe(2);
    log.next(event('pipeline_complete'));
    log.next(event());
    await log.kept();
    const producer = { id: 'run', epoch: 3 };
    expect(appends).toEqual([
      [2, { producer: { ...producer, seq: 0 }, at: 5 }],
      [1, { producer: { ...producer, seq: 2 }, close: { status: 'completed' } }],
    ]);
    expect([log.count, log.maxEventBytes]).toEqual([3, 100]);
  });

  it('says once why nothing more is kept', async () => {
    const { log, appends, broken } = stage(() => Promise.reject(new Error('gone')));
    log.next(event());
    await expect(log.kept()).rejects.toThrow('gone');
    log.next(event());
    expect(() => log.kept()).toThrow('gone');
    expect([appends.length, broken]).toEqual([1, [new Error('gone')]]);
  });

  it('says when too much waits, until it does not', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { log } = stage(() => gate);
    expect(log.behind()).toBeUndefined();
    for (let i = 0; i < 1500; i++) log.next(event());
    const behind = log.behind();
    expect(behind).toBeDefined();
    go();
    await behind;
    expect([log.behind(), log.count]).toEqual([undefined, 1500]);
    const large = stage();
    large.log.next(event('step_log', 'x'.repeat(2 ** 20)));
    expect(large.log.behind()).toBeDefined();
    await large.log.kept();
    expect(large.log.behind()).toBeUndefined();
  });

  it.each([
    ['events', 'x', 65_536],
    ['bytes', 'x'.repeat(2 ** 20), 63],
  ])('holds only so many %s, and always the last word', async (_, message, count) => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const { log } = stage(() => gate);
    for (let i = 0; i < count; i++) log.next(event('step_log', message));
    expect(() => log.next(event('step_log', message))).toThrow(expect.objectContaining({ code: 'overflow' }) as Error);
    log.next(event('pipeline_error', message));
    go();
    await log.kept();
    expect(log.count).toBe(count + 1);
  });

  it('keeps at once, and says so, where the log answers at once', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('runs/r');
    const broken: unknown[] = [];
    const producer = { id: 'run', epoch: 0 };
    const options = { streams, streamId: 'runs/r', producer, at: 0, maxEventBytes: 100 };
    const log = new EventLog({ ...options, broken: (error) => broken.push(error) });
    log.next(event());
    expect([log.kept(), log.count]).toEqual([undefined, 1]);
    expect(streams.log.info('runs/r')).toMatchObject({ next: 1 });
    // Somebody else has the stream: that comes at once as well.
    await streams.append('runs/r', [], { producer: { id: 'run', epoch: 1, seq: 0 } });
    log.next(event());
    expect(() => log.kept()).toThrow(expect.objectContaining({ code: 'producer-fenced' }) as Error);
    expect([broken.length, log.count]).toEqual([1, 1]);
  });

  it('of two that begin the same life lets one go on', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('runs/r');
    const options = { streams, streamId: 'runs/r', producer: { id: 'run', epoch: 4 }, at: 0, maxEventBytes: 100 };
    const [first, second] = [0, 1].map(() => new EventLog({ ...options, contested: true, broken: () => {} }));
    for (const log of [first!, second!]) for (let i = 0; i < 3; i++) log.next(event());
    expect([first!.kept(), first!.count]).toEqual([undefined, 3]);
    expect(() => second!.kept()).toThrow(expect.objectContaining({ code: 'producer-fenced' }) as Error);
    expect([second!.count, (await streams.info('runs/r'))?.next]).toEqual([0, 3]);
  });

  it('takes nothing that is no JSON', () => {
    const { log } = stage();
    expect(() => log.next(event('step_log', '\ud800'))).toThrow('an event of a run must be JSON but');
  });
});
