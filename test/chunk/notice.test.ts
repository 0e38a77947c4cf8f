import { describe, expect, it } from 'vitest';
import { createChunk } from '../../src/chunk/chunk.js';
import { End, endError, Gap, isNotice, Mark } from '../../src/chunk/notice.js';

describe('isNotice', () => {
  it('tells notices from chunks and from what only looks like one', () => {
    expect([new Gap('s', 1, 3, 'trimmed'), new End('s', 3, 'completed'), new Mark('s', 3)].map(isNotice)).toEqual([
      true,
      true,
      true,
    ]);
    expect(isNotice(createChunk({ streamId: 's', seq: 0, data: { kind: 'gap' } }))).toBe(false);
    expect(isNotice({ kind: 'gap', from: 1, to: 3 })).toBe(false);
    expect(isNotice(undefined)).toBe(false);
  });

  it('says what each is', () => {
    expect(new Gap('s', 1, 3, 'timeout')).toEqual({ kind: 'gap', streamId: 's', from: 1, to: 3, reason: 'timeout' });
    expect(new End('s', 3, 'failed')).toEqual({ kind: 'end', streamId: 's', seq: 3, status: 'failed' });
    expect(new Mark('s', 3)).toEqual({ kind: 'mark', streamId: 's', seq: 3 });
  });
});

describe('endError', () => {
  it('is none when the stream completed', () => {
    expect(endError('s', 'completed', 'whatever')).toBeUndefined();
  });

  it.each([
    ['failed', undefined, 'stream-failed', 'the stream "s" failed'],
    ['failed', 'no paper', 'stream-failed', 'the stream "s" failed: no paper'],
    ['cancelled', 'enough', 'stream-cancelled', 'the stream "s" was cancelled: enough'],
  ] as const)('tells that it %s (%s)', (status, reason, code, message) => {
    expect(endError('s', status, reason)).toMatchObject({ code, message, details: { streamId: 's' } });
  });
});
