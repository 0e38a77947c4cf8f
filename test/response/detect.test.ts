import { createChunk } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { detect } from '../../src/response/detect.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('detect', () => {
  it.each([
    ['a text', 'hi', { format: 'text' }],
    ['nothing', undefined, { format: 'text' }],
    ['a value', { a: 1 }, { format: 'ndjson' }],
    ['null', null, { format: 'ndjson' }],
    ['a text that a browser would run', '<script>', { format: 'text' }],
    ['bytes', bytes('00ff'), { format: 'binary' }],
    ['no bytes', bytes(''), { format: 'binary' }],
    ['a PNG', bytes('89504e470d0a1a0a0000'), { format: 'binary', contentType: 'image/png' }],
    ['a WAV', bytes('5249464600ffabcd57415645'), { format: 'binary', contentType: 'audio/wav' }],
    ['what only contains a PNG', bytes('0089504e470d0a1a0a'), { format: 'binary' }],
    [
      'a chunk, by its data',
      createChunk({ streamId: 's', seq: 0, data: bytes('ffd8ffe0') }),
      { format: 'binary', contentType: 'image/jpeg' },
    ],
  ])('knows %s', (_, first, detected) => {
    expect(detect(first)).toEqual(detected);
  });
});
