import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../src/chunk/index.js';
import { baseOf, readNote, type StreamRecord, tailOf, writeNote } from '../../src/durable/stream-record.js';

const fork = { from: 'a', at: '0000000000000005', sub: 1, count: 3, base: 2 };
const info = (metadata: unknown): StreamInfo => ({ metadata, next: 3 }) as never;

describe('stream record', () => {
  it('is written with the stream, and read again', () => {
    for (const note of [{ lifetime: { ttl: 5 } }, { lifetime: { expiresAt: '2030-01-01T00:00:00Z' }, fork }]) {
      expect(readNote(info(writeNote(note).metadata))).toEqual({ fork: undefined, ...note });
    }
    expect(writeNote({ lifetime: {} })).toEqual({});
  });

  it('takes nothing from what others have written', () => {
    const notes = [
      { ttl: 'x', expiresAt: 5 },
      { ttl: -1 },
      { expiresAt: 'soon' },
      { fork: null },
      { fork: { ...fork, base: 'a\r\nb: c' } },
      { fork: { ...fork, count: undefined } },
    ];
    for (const metadata of [undefined, {}, { durable: null }, ...notes.map((durable) => ({ durable }))]) {
      expect(readNote(info(metadata)), JSON.stringify(metadata)).toEqual({ lifetime: {}, fork: undefined });
    }
  });

  it('has offsets that go on where those of its source end', () => {
    expect(baseOf({ fork: undefined })).toBe(0);
    expect(tailOf({ fork, info: info({}) } as StreamRecord)).toBe('0000000000000005');
  });
});
