import { describe, expect, it } from 'vitest';
import { readPosition } from '../../../src/transport/sse/position.js';

describe('readPosition', () => {
  it.each([
    [undefined, undefined, 'beginning'],
    [undefined, 'beginning', 'beginning'],
    [undefined, 'now', 'now'],
    [undefined, 'snapshot', 'snapshot'],
    ['41', 'snapshot', 42],
    [undefined, '0', 0],
    [undefined, '42', 42],
    ['', 'now', 'now'],
    ['41', undefined, 42],
    ['41', 'now', 42],
    ['41', 'nonsense', 42],
    ['0', 'beginning', 1],
    ['-1', 'now', 0],
    [`${Number.MAX_SAFE_INTEGER - 1}`, undefined, Number.MAX_SAFE_INTEGER],
  ])('Last-Event-ID %j and from %j lead to %j', (lastEventId, from, position) => {
    expect(readPosition(lastEventId, from)).toBe(position);
  });

  it.each(['', 'Now', '-1', '1.5', '1e3', ' 1', '01', '9007199254740992', '1,2'])('refuses from=%j', (from) => {
    expect(() => readPosition(undefined, from)).toThrow(
      expect.objectContaining({ code: 'frame-invalid', details: { field: 'from' } }),
    );
  });

  it.each(['now', '-2', '1.5', '01', `${Number.MAX_SAFE_INTEGER}`, '99999999999999999999'])(
    'refuses Last-Event-ID %j',
    (lastEventId) => {
      expect(() => readPosition(lastEventId, '5')).toThrow(
        expect.objectContaining({ code: 'frame-invalid', details: { field: 'last-event-id' } }),
      );
    },
  );
});
