import { describe, expect, it } from 'vitest';
import { MemoryStream } from '../../src/log/memory-stream.js';
import { texts } from '../../src/testing/log-stage.js';

function makeStream(config = {}): MemoryStream {
  return new MemoryStream('s', '1', config, 5, { maxChunks: 4, maxBytes: 10_000, maxProducers: 1 });
}

describe('MemoryStream', () => {
  it('changes nothing by planning', () => {
    const stream = makeStream();
    const before = stream.info();
    const options = { producer: { id: 'p', epoch: 1, seq: 0 }, close: { status: 'completed' } } as const;
    const plan = stream.plan(texts(0, 6), options);
    expect(plan).toMatchObject({ from: 0, first: 2 });
    expect(stream.info()).toEqual(before);
    expect(stream.bytes).toBe(0);
    expect(stream.keep(plan, texts(0, 6), options, 9)).toEqual({
      first: 0,
      next: 6,
      duplicates: 0,
      ended: true,
      expected: 6,
    });
    expect(stream.bytes).toBe(plan.bytes);
    expect(stream.info()).toMatchObject({ first: 2, next: 6, status: 'completed', lastChunkAt: 9, endedAt: 9 });
  });

  it('expires a while after its end, and as its configuration says', () => {
    const stream = makeStream();
    const lasting = makeStream({ ttlMs: 500 });
    for (const each of [stream, lasting]) {
      expect(each.expiresAt(100)).toBe(Infinity);
      const options = { close: { status: 'failed' } } as const;
      each.keep(each.plan([], options), [], options, 1000);
    }
    expect(stream.expiresAt(100)).toBe(1100);
    expect(lasting.expiresAt(100)).toBe(1500);
  });

  it('hands out an end that nobody can change', () => {
    const stream = makeStream();
    const close = { status: 'failed', reason: 'x' } as const;
    stream.keep(stream.plan([], { close }), [], { close }, 0);
    const { end } = stream.read(0, { chunks: 1, bytes: 1 });
    expect(end).toEqual(close);
    expect(end).not.toBe(close);
    expect(Object.isFrozen(end)).toBe(true);
  });
});
