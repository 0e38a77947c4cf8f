import { describe, expect, it } from 'vitest';
import { configText, infoOf, recordFields } from '../../../src/log/redis/record.js';

/** What HMGET answers. */
function reply(fields: Partial<Record<(typeof recordFields)[number], string>>): readonly (Buffer | null)[] {
  return recordFields.map((field) => (fields[field] === undefined ? null : Buffer.from(fields[field])));
}

const begun = { life: 'l', config: '{}', createdAt: '5', first: '0', next: '0', size: '0' };

describe('configText', () => {
  it('tells configurations apart, also one that keeps for ever', () => {
    const texts = [{}, { ttlMs: Infinity }, { ttlMs: 5 }, { source: 'a' }].map(configText);
    expect(new Set(texts).size).toBe(4);
  });
});

describe('infoOf', () => {
  it('knows nothing of no stream', () => {
    expect(infoOf('s', reply({}))).toBeUndefined();
  });

  it('tells of a stream that has just begun', () => {
    expect(infoOf('s', reply(begun))).toEqual({
      life: 'l',
      streamId: 's',
      status: 'active',
      createdAt: 5,
      first: 0,
      next: 0,
      chunks: { received: 0 },
      bytes: { received: 0 },
    });
  });

  it('tells of one that has ended', () => {
    const config = configText({ session: 'x', expectedChunks: 9, expectedBytes: 7, ttlMs: Infinity });
    const end = { status: 'failed', reason: 'é', lastChunkAt: '6', endedAt: '7', first: '2', next: '4', size: '8' };
    expect(infoOf('s', reply({ ...begun, ...end, config }))).toEqual({
      life: 'l',
      streamId: 's',
      session: 'x',
      status: 'failed',
      reason: 'é',
      createdAt: 5,
      lastChunkAt: 6,
      endedAt: 7,
      first: 2,
      next: 4,
      chunks: { expected: 9, received: 4, missing: 5 },
      bytes: { expected: 7, received: 8, missing: 0 },
    });
  });

  it('shows nothing as earlier than what was before, when the clocks of two processes differ', () => {
    const info = infoOf(
      's',
      reply({ ...begun, createdAt: '50', lastChunkAt: '40', endedAt: '45', status: 'completed' }),
    );
    expect(info).toMatchObject({ createdAt: 50, lastChunkAt: 50, endedAt: 50 });
  });
});
