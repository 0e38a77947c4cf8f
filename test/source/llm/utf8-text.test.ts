import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Utf8Text } from '../../../src/source/llm/utf8-text.js';
import { cuts, pieces } from '../../format/pieces.js';

function decode(...parts: readonly Uint8Array[]): string {
  const decoder = new Utf8Text();
  return parts.map((part) => decoder.push(part)).join('') + decoder.end();
}

const standard = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

describe('Utf8Text', () => {
  it('says the same as TextDecoder, wherever the bytes are cut', () => {
    const strange = fc.uint8Array({ maxLength: 12 });
    const text = fc
      .string({ unit: fc.constantFrom('a', 'é', '€', '🐋', '\uFEFF') })
      .map((one) => new TextEncoder().encode(one));
    const parts = fc.array(fc.oneof(text, strange, fc.constantFrom(Uint8Array.of(0xf0), Uint8Array.of(0xe2, 0x82))));
    fc.assert(
      fc.property(parts, cuts, (some, at) => {
        const bytes = Uint8Array.from(some.flatMap((part) => [...part]));
        expect(decode(...pieces(bytes, at))).toBe(standard(bytes));
        expect(decode(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(standard(bytes));
      }),
    );
  });

  it('keeps nothing but the beginning of a character, and not the memory it stands in', () => {
    const decoder = new Utf8Text();
    const bytes = new TextEncoder().encode('a🐋');
    const piece = bytes.subarray(0, 3);
    expect(decoder.push(piece)).toBe('a');
    bytes.fill(0, 0, 3);
    expect(decoder.push(bytes.subarray(3))).toBe('🐋');
    expect(decoder.end()).toBe('');
  });

  it('gives up what will never be whole', () => {
    expect(decode(Uint8Array.of(0x61, 0xe2, 0x82))).toBe('a\uFFFD');
  });
});
