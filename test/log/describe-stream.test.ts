import { describe, expect, it } from 'vitest';
import { describeStream, isWithin } from '../../src/log/describe-stream.js';

const active = { first: 1, next: 3, size: 20, lastChunkAt: undefined, end: undefined, endedAt: undefined };

describe('describeStream', () => {
  it('leaves out what is not known', () => {
    expect(describeStream('s', 'l', {}, 5, active)).toStrictEqual({
      streamId: 's',
      life: 'l',
      status: 'active',
      createdAt: 5,
      first: 1,
      next: 3,
      chunks: { received: 3 },
      bytes: { received: 20 },
    });
  });

  it('tells what was announced and is missing, never less than nothing', () => {
    const { chunks, bytes } = describeStream('s', 'l', { expectedChunks: 5, expectedBytes: 10 }, 5, active);
    expect(chunks).toEqual({ expected: 5, received: 3, missing: 2 });
    expect(bytes).toEqual({ expected: 10, received: 20, missing: 0 });
  });

  it('tells labels, times and the end, never how long it is kept', () => {
    const config = { session: 'a', source: 'b', target: 'c', contentType: 'd', ttlMs: 5 };
    const ended = { ...active, lastChunkAt: 6, end: { status: 'failed', reason: 'why' }, endedAt: 7 } as const;
    expect(describeStream('s', 'l', config, 5, ended)).toMatchObject({
      session: 'a',
      source: 'b',
      target: 'c',
      contentType: 'd',
      status: 'failed',
      reason: 'why',
      lastChunkAt: 6,
      endedAt: 7,
    });
    expect(describeStream('s', 'l', config, 5, ended)).not.toHaveProperty('ttlMs');
  });
});

describe('isWithin', () => {
  it.each([
    ['', ['a', 'a/b', 'ab']],
    ['a', ['a', 'a/b']],
    ['a/', ['a/b']],
    ['b', []],
  ])('%j', (prefix, within) => {
    expect(['a', 'a/b', 'ab'].filter(isWithin(prefix))).toEqual(within);
  });
});
