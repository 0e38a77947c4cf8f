import { describe, expect, it } from 'vitest';
import { readChunk, writeChunk } from '../../src/log/chunk-record.js';
import { encoded } from '../../src/testing/log-stage.js';

describe('writeChunk', () => {
  it.each(['', 'plain', 'é', '漢字 😀', new Uint8Array(0), Uint8Array.of(0, 255, 13)])(
    'is read as written: %j',
    (data) => {
      const chunk = encoded(data);
      expect(readChunk(writeChunk(chunk))).toStrictEqual(chunk);
    },
  );

  it('shares nothing with what it was given, nor what is read with the record', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const record = writeChunk(encoded(bytes));
    bytes.fill(9);
    const read = readChunk(record);
    record.fill(7);
    expect(read.bytes).toEqual(Uint8Array.of(1, 2, 3));
  });
});
