import { describe, expect, it } from 'vitest';
import { sha256Checksum } from '../../src/chunk/sha256.js';

describe('sha256Checksum', () => {
  /** FIPS 180-4, examples of SHA-256, and the empty message. */
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of %.20o', (text, expected) => {
    expect(sha256Checksum.digest(new TextEncoder().encode(text))).toBe(expected);
  });

  it('is called sha256', () => {
    expect(sha256Checksum.name).toBe('sha256');
  });
});
