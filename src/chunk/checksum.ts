import type { Chunk } from './chunk.js';
import { dataBytes } from './data.js';

/**
 * A named hash over a chunk's data bytes: the UTF-8 of `text`, the UTF-8 of `JSON.stringify` of `json`, the bytes
 * themselves of every binary type.
 */
export interface ChecksumAlgorithm {
  /** The part before the colon in {@link Chunk.checksum}. */
  readonly name: string;
  /** Lower-case hexadecimal digest. */
  digest(bytes: Uint8Array): string;
}

const table = buildTable();

/** Castagnoli's polynomial, reflected, as in RFC 3720 appendix B.4. */
function buildTable(): Uint32Array {
  const entries = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    entries[n] = c;
  }
  return entries;
}

/**
 * CRC-32C (Castagnoli) of some bytes, as an unsigned 32-bit number. RFC 3720 appendix B.4.
 *
 * @example
 * crc32c(new TextEncoder().encode('123456789')).toString(16); // 'e3069283'
 */
export function crc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = (table[(c ^ (bytes[i] as number)) & 0xff] as number) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** CRC-32C as eight hexadecimal digits: the checksum used unless another is asked for. */
export const crc32cChecksum: ChecksumAlgorithm = {
  name: 'crc32c',
  digest: (bytes) => crc32c(bytes).toString(16).padStart(8, '0'),
};

/** `name:digest` of a chunk's data, the form of {@link Chunk.checksum}. */
export function checksumOf(chunk: Pick<Chunk, 'type' | 'data'>, algorithm: ChecksumAlgorithm = crc32cChecksum): string {
  return `${algorithm.name}:${algorithm.digest(dataBytes(chunk))}`;
}
