import { describe, expect, it } from 'vitest';
import type { ProbeEvent } from '../../src/probe/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createMeter, createStreams, readGauges, type StreamEvent } from '../../src/streams/index.js';
import { textBodies } from '../bodies.js';
import { LateLog } from '../gateway/late-log.js';
import { VirtualTime } from '../virtual-time.js';

const s = { streamId: 's' };

describe('createMeter', () => {
  it('adds up what happens to streams', () => {
    const meter = createMeter();
    const events: StreamEvent[] = [
      { type: 'stream.created', ...s, tookMs: 3 },
      { type: 'stream.chunk_sent', ...s, from: 2, to: 5, bytes: 40, chunks: [], tookMs: 7 },
      { type: 'stream.chunk_repeated', ...s, chunks: 2 },
      { type: 'stream.chunk_refused', ...s, chunks: 4, code: 'log-full' },
      { type: 'stream.chunk', ...s, seq: 2 },
      { type: 'stream.chunk', ...s, seq: 3, ageMs: 12 },
      { type: 'stream.chunk_missing', ...s, from: 0, to: 2 },
      { type: 'stream.completed', ...s, chunks: 5 },
      { type: 'stream.stale', ...s, chunks: 5 },
      { type: 'stream.failed', ...s, chunks: 5, reason: 'stale' },
      { type: 'stream.cancelled', ...s, chunks: 5, reason: undefined },
      { type: 'stream.deleted', ...s },
    ];
    for (const event of events) meter.event(event);
    const { streams, chunks, latency } = meter.read();
    expect(streams).toEqual({ created: 1, completed: 1, failed: 1, stale: 1, cancelled: 1, deleted: 1 });
    expect(chunks).toEqual({
      sent: 3,
      bytes: 40,
      received: 2,
      missing: 2,
      retransmitted: 2,
      refused: 4,
      dropped: 0,
      corrupt: 0,
    });
    expect([latency.creation.sum, latency.processing.sum, latency.endToEnd.sum]).toEqual([3, 7, 12]);
    expect(latency.endToEnd.count).toBe(1);
  });

  it('adds up what operators report', () => {
    const meter = createMeter();
    const operator = 'x';
    const events: ProbeEvent[] = [
      { type: 'nack', from: 0, to: 4, attempt: 1, operator },
      { type: 'gap', from: 0, to: 3, reason: 'timeout', operator },
      { type: 'dropped', value: 1, operator },
      { type: 'corrupt', seq: 1, operator },
      { type: 'late', seq: 1, operator },
    ];
    for (const event of events) meter.probe(event);
    expect(meter.read().chunks).toMatchObject({ retransmitted: 4, missing: 3, dropped: 1, corrupt: 1, sent: 0 });
  });

  it('measures how long streams take, while it listens', async () => {
    const time = new VirtualTime();
    const late = new LateLog(undefined, { now: () => time.now() });
    const streams = createStreams({ log: late, scheduler: time });
    const meter = createMeter();
    streams.events.subscribe(meter.event);
    const publishing = streams.publish('s', textBodies('a'));
    // Each question is answered after 20 ms: an append that fails, a look, a creation, an append.
    for (let answers = 0; answers < 4; answers++) {
      await time.pass(20);
      late.answerOne();
    }
    await publishing;
    const { latency, chunks } = meter.read();
    expect([latency.creation.max, latency.processing.max, chunks.sent]).toEqual([20, 80, 1]);
  });

  it('shows numbers that no longer change', () => {
    const meter = createMeter();
    const before = meter.read();
    meter.event({ type: 'stream.deleted', ...s });
    expect([before.streams.deleted, meter.read().streams.deleted]).toEqual([0, 1]);
  });
});

describe('readGauges', () => {
  it('shows how things stand, and who is furthest behind', async () => {
    const streams = createStreams({ log: createMemoryLog() });
    await streams.create('s', { expectedChunks: 10 });
    await streams.publish('s', textBodies('a', 'b', 'c'));
    await streams.publish('t', textBodies('a', 'b', 'c'));
    await streams.publish('u', [], { close: { status: 'completed' } });
    streams.readers.add('s', { next: () => 1 });
    streams.readers.add('s', { next: () => 3 });
    streams.readers.add('t', { next: () => 0 });
    streams.readers.add('t', { next: () => undefined });
    streams.readers.add('u', { next: () => undefined });
    streams.readers.add('gone', { next: () => 5 });
    expect(await readGauges(streams)).toEqual({
      streams: 3,
      active: 2,
      awaited: 7,
      lags: [
        { streamId: 't', next: 0, lag: 3 },
        { streamId: 's', next: 1, lag: 2 },
      ],
    });
  });
});
