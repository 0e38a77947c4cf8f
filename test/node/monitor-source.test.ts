import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { createStreams } from 'sluice/streams';
import { MonitorSource } from '../../src/node/monitor-source.js';

function stage(connections: () => readonly object[] = () => []) {
  const streams = createStreams({ log: createMemoryLog() });
  const gateway = { streams, connections } as unknown as ConstructorParameters<typeof MonitorSource>[0]['gateway'];
  const memory = () => ({ rss: 9, heapUsed: 5 });
  const source = new MonitorSource({ gateway, version: '1.2.3', memory });
  const publish = async (id: string) =>
    await streams.publish(id, [createChunk({ streamId: 's', seq: 0, data: 'four' })]);
  return { streams, source, publish };
}

describe('MonitorSource', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells everything to a page that is new, and what has changed to one that comes again', async () => {
    const { source, publish } = stage();
    await publish('a');
    const first = await source.read('', 0, undefined);
    expect(first).toMatchObject({ format: 1, version: '1.2.3', total: 1, streams: [{ id: 'a', next: 1, bytes: 4 }] });
    vi.advanceTimersByTime(500);
    await publish('b');
    const second = await source.read(first.life, first.cursor, undefined);
    expect(second.streams.map(({ id }) => id)).toEqual(['b']);
    expect((await source.read('another life', second.cursor, undefined)).streams).toHaveLength(2);
    source.dispose();
  });

  it('looks once for all who ask at the same time, and not again at once', async () => {
    const { streams, source } = stage();
    const list = vi.spyOn(streams, 'list');
    await Promise.all([source.read('', 0, undefined), source.read('', 0, undefined)]);
    await source.read('', 0, undefined);
    expect(list).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(400);
    await source.read('', 0, undefined);
    expect(list).toHaveBeenCalledTimes(2);
    source.dispose();
  });

  it('counts and measures from the first question on, and no more when nobody asks', async () => {
    const { source, publish, streams } = stage();
    await publish('a');
    await source.read('', 0, undefined);
    vi.advanceTimersByTime(500);
    await publish('a');
    const { figures } = await source.read('', 0, undefined);
    expect(figures).toMatchObject({ sent: 1, bytes: 4, rss: 9, heapUsed: 5, connections: 0 });
    expect(figures.keptMs.p50).toBeGreaterThanOrEqual(0);
    vi.advanceTimersByTime(15_000);
    await publish('a');
    expect((await source.read('', 0, undefined)).figures.sent).toBe(1);
    source.dispose();
    await streams.dispose();
  });

  it('tells who reads the stream that is looked at, so many at most', async () => {
    const reading = { streamId: 'a', next: 3, credit: 7, repaired: 1 };
    const one = {
      session: 's',
      peer: { transport: 'websocket', address: '::1' },
      reading: [reading, { ...reading, streamId: 'b' }],
    };
    const { source } = stage(() => [
      one,
      ...Array.from({ length: 204 }, () => ({ ...one, peer: { transport: 'sse' } })),
    ]);
    const { readers, moreReaders, figures } = await source.read('', 0, 'a');
    expect(readers[0]).toEqual({
      session: 's',
      transport: 'websocket',
      address: '::1',
      next: 3,
      credit: 7,
      repaired: 1,
    });
    expect(readers[1]).not.toHaveProperty('address');
    expect([readers.length, moreReaders, figures.connections]).toEqual([200, 5, 205]);
    source.dispose();
  });

  it('measures by this process where nothing else is said', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const source = new MonitorSource({ gateway: { streams, connections: () => [] }, version: '1' });
    expect((await source.read('', 0, undefined)).figures.rss).toBeGreaterThan(1e6);
    source.dispose();
  });
});
