import { describe, expect, it } from 'vitest';
import { readPlace, runHeader, writePlace } from '../../../src/interop/ai-sdk/chat-place.js';

describe('a place in a chat', () => {
  it.each([
    { run: 'r', seq: -1 },
    { run: 'a-B_0', seq: 0 },
    { run: 'r', seq: 2 ** 53 - 1 },
  ])('is read as it was written: %j', (place) => {
    expect(readPlace(writePlace(place))).toEqual(place);
    expect(runHeader).toBe(runHeader.toLowerCase());
  });

  it.each(['', 'r', 'r.', '.1', 'r.01', 'r.-2', 'r.1.5', '../x.1', `${'r'.repeat(129)}.1`, 'r.99999999999999999'])(
    'is not %j',
    (text) => {
      expect(() => readPlace(text)).toThrow(expect.objectContaining({ code: 'data-malformed' }));
    },
  );
});
