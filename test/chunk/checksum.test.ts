import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf, crc32c, crc32cChecksum } from '../../src/chunk/checksum.js';
import { sha256Checksum } from '../../src/chunk/sha256.js';

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
// prettier-ignore
const scsiRead = Uint8Array.of(
  0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0,
  0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
);

/** One bit at a time, straight from the definition. */
function slowly(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ (0x82f63b78 & -(c & 1));
  }
  return ~c >>> 0;
}

describe('crc32c', () => {
  it.each([
    ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 bytes ascending', ascending, 0x46dd794e],
    ['32 bytes descending', ascending.toReversed(), 0x113fdb5c],
    ['an iSCSI SCSI Read (10) command', scsiRead, 0xd9963a56],
  ])('of %s is that of RFC 3720 B.4', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('is 0 for nothing, and that of the catalogue for 123456789', () => {
    expect(crc32c(new Uint8Array(0))).toBe(0);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  it('is that of the definition for any bytes of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(crc32c(bytes)).toBe(slowly(bytes));
      }),
    );
  });

  it('changes with every single bit', () => {
    const whole = crc32c(ascending);
    for (let bit = 0; bit < ascending.length * 8; bit++) {
      const flipped = Uint8Array.from(ascending);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(crc32c(flipped)).not.toBe(whole);
    }
  });
});

describe('crc32cChecksum', () => {
  it('writes eight digits, also when the first are 0', () => {
    expect(crc32cChecksum.digest(new Uint8Array(0))).toBe('00000000');
    expect(crc32cChecksum.digest(ascending)).toBe('46dd794e');
  });
});

describe('checksumOf', () => {
  it('covers the UTF-8 of text, the JSON text of json and the bytes of all else', () => {
    const bytes = new TextEncoder().encode('[1,"é"]');
    const expected = `crc32c:${crc32cChecksum.digest(bytes)}`;
    expect(checksumOf({ type: 'text', data: '[1,"é"]' })).toBe(expected);
    expect(checksumOf({ type: 'json', data: [1, 'é'] })).toBe(expected);
    for (const type of ['binary', 'audio', 'image'] as const) expect(checksumOf({ type, data: bytes })).toBe(expected);
    expect(checksumOf({ type: 'json', data: 'é' }), 'with its quotes').not.toBe(
      checksumOf({ type: 'text', data: 'é' }),
    );
  });

  it('takes another algorithm', () => {
    expect(checksumOf({ type: 'text', data: 'abc' }, sha256Checksum)).toMatch(/^sha256:ba7816bf/);
  });
});
