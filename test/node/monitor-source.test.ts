import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import type { GatewayEvent } from 'sluice/gateway';
import { createStreams } from 'sluice/streams';
import { NEVER, Subject } from 'rxjs';
import { MonitorSource } from '../../src/node/monitor-source.js';

function stage() {
  const connected: object[] = [];
  const connections = () => connected;
  const connect = (...more: object[]) => connected.push(...more);
  const streams = createStreams({ log: createMemoryLog() });
  const events = new Subject<GatewayEvent>();
  const gateway = { streams, connections, events } as unknown as ConstructorParameters<
    typeof MonitorSource
  >[0]['gateway'];
  const memory = () => ({ rss: 9, heapUsed: 5 });
  const source = new MonitorSource({ gateway, version: '1.2.3', memory });
  const publish = async (id: string) =>
    await streams.publish(id, [createChunk({ streamId: 's', seq: 0, data: 'four' })]);
  return { streams, source, publish, connect, events };
}

describe('MonitorSource', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells everything to a page that is new, and what has changed to one that comes again', async () => {
    const { source, publish } = stage();
    await publish('a');
    const first = await source.read('', 0, undefined);
    expect(first).toMatchObject({ format: 2, version: '1.2.3', total: 1, streams: [{ id: 'a', next: 1, bytes: 4 }] });
    vi.advanceTimersByTime(500);
    await publish('b');
    const second = await source.read(first.life, first.cursor, undefined);
    expect(second.streams.map(({ id }) => id)).toEqual(['b']);
    const anew = await source.read('another life', second.cursor, undefined);
    expect([first.isWhole, second.isWhole, anew.isWhole, anew.streams.length]).toEqual([true, false, true, 2]);
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

  it('counts what readers were sent again, and what they were told is lost', async () => {
    const { source, events } = stage();
    await source.read('', 0, undefined);
    events.next({ type: 'gateway.resent', streamId: 'a', chunks: 3 });
    events.next({ type: 'gateway.missing', streamId: 'a', from: 4, to: 6 });
    events.next({ type: 'gateway.opened', session: 's', transport: 'sse' });
    expect((await source.read('', 0, undefined)).figures).toMatchObject({ resent: 3, lost: 2 });
    source.dispose();
    expect(events.observed).toBe(false);
  });

  const gaps = { holes: 2, asked: 5, resent: 4, lost: 1 };
  const whole = { holes: 0, asked: 0, resent: 0, lost: 0 };
  const reading = { streamId: 'a', next: 3, credit: 7, gaps: whole };

  it('tells who reads the stream that is looked at, so many at most, those who are most behind', async () => {
    const one = {
      session: 's',
      peer: { transport: 'websocket', address: '::1', principal: { id: 'ann' } },
      reading: [
        { ...reading, gaps },
        { ...reading, streamId: 'b' },
      ],
    };
    const late = { ...one, session: 'late', peer: { transport: 'sse' }, reading: [{ ...reading, next: 1 }] };
    const { source, publish, connect } = stage();
    connect(one);
    for (let i = 0; i < 3; i++) await publish('a');
    expect((await source.read('', 0, 'a')).readers).toEqual([
      {
        session: 's',
        stream: 'a',
        transport: 'websocket',
        address: '::1',
        who: 'ann',
        next: 3,
        credit: 7,
        lag: 0,
        gaps,
      },
    ]);
    connect(...Array.from({ length: 203 }, () => one), late);
    const { readers, moreReaders, figures } = await source.read('', 0, 'a');
    expect([readers.length, moreReaders, figures.connections]).toEqual([200, 5, 205]);
    const { session, transport, next, lag } = readers[0]!;
    expect({ session, transport, next, lag }).toEqual({ session: 'late', transport: 'sse', next: 1, lag: 2 });
    expect(readers[0]).not.toHaveProperty('address');
    source.dispose();
  });

  it('tells of all streams who is behind or has lost something, where none is looked at', async () => {
    const { source, publish, connect } = stage();
    for (let i = 0; i < 3; i++) await publish('a');
    const peer = { transport: 'websocket' };
    connect(
      { session: 'well', peer, reading: [reading] },
      { session: 'late', peer, reading: [{ ...reading, next: 2 }] },
      { session: 'lossy', peer, reading: [{ ...reading, gaps }] },
    );
    const { readers, moreReaders } = await source.read('', 0, undefined);
    expect([readers.map(({ session }) => session), moreReaders]).toEqual([['late', 'lossy'], 0]);
    connect(...Array.from({ length: 22 }, () => ({ session: 'late', peer, reading: [{ ...reading, next: 0 }] })));
    const more = await source.read('', 0, undefined);
    expect([more.readers.length, more.moreReaders]).toEqual([20, 4]);
    source.dispose();
  });

  it('measures by this process where nothing else is said', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    const source = new MonitorSource({ gateway: { streams, connections: () => [], events: NEVER }, version: '1' });
    expect((await source.read('', 0, undefined)).figures.rss).toBeGreaterThan(1e6);
    source.dispose();
  });
});
