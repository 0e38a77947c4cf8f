import type { ChunkBody } from 'sluice/chunk';
import type { AppendOptions } from 'sluice/log';
import type { RunEvent } from 'sluice/run';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../src/run/event-log.js';

function stage(publish: (chunks: readonly ChunkBody[]) => Promise<unknown> = async () => {}) {
  const appends: [number, AppendOptions | undefined][] = [];
  const broken: unknown[] = [];
  const log = new EventLog({
    streams: {
      publish: async (_, chunks, options) => {
        appends.push([chunks.length, options]);
        await publish(chunks);
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
    await expect(log.kept()).rejects.toThrow('gone');
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
});
