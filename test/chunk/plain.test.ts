import { describe, expect, it } from 'vitest';
import { createChunk, encodeChunk } from '../../src/chunk/index.js';
import { isPlain, isPlainChunk, isPlainHead } from '../../src/chunk/plain.js';

const place = { streamId: 'books/moby-dick', seq: 7, timestamp: 1_700_000_000_000 };
const whole = createChunk({ ...place, data: 'né', final: true, checksum: true, metadata: { model: 'm' } });
const short = createChunk({ ...place, data: { a: 1 } });
const bytes = createChunk({ ...place, data: Uint8Array.of(1) });

// That a yes is right is shown with the shapes; here, that the chunks there are get one, for no other way is as fast.
describe('isPlain', () => {
  it.each([whole, short, bytes])('says yes to a chunk of $type', (chunk) => {
    expect([isPlain(chunk), isPlainChunk(chunk)]).toEqual([true, true]);
    expect(isPlainHead(JSON.parse(encodeChunk(chunk).head))).toBe(true);
  });

  it.each([null, undefined, 5, [], {}, { ...whole, extra: 1 }, { ...whole, final: undefined }])(
    'not to %o',
    (value) => {
      expect(isPlainChunk(value)).toBe(false);
    },
  );

  it.each([
    null,
    5,
    [],
    {},
    { type: 'text', data: 5, size: 1, timestamp: 1 },
    { type: 'video', size: 1, timestamp: 1 },
  ])('not to a head such as %o', (value) => expect(isPlainHead(value)).toBe(false));
});
