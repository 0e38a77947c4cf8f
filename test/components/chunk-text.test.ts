import { describe, expect, it } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { chunkText } from '../../src/components/chunk-text.js';

const textOf = (data: string | Uint8Array | object, type?: 'audio') =>
  chunkText(createChunk({ streamId: 's', seq: 0, data: data as never, type }));

describe('chunkText', () => {
  it('leaves text as it is', () => expect(textOf('<b>\r\n')).toBe('<b>\r\n'));
  it('writes JSON a line each', () => expect(textOf({ a: [1] })).toBe('{"a":[1]}\n'));
  it('says of bytes how many there are', () => {
    expect(textOf(new Uint8Array(3))).toBe('[3 bytes of binary]\n');
    expect(textOf(new Uint8Array(2), 'audio')).toBe('[2 bytes of audio]\n');
  });
});
