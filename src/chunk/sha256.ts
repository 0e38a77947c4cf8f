import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChecksumAlgorithm } from './checksum.js';

/** SHA-256 (FIPS 180-4): slower than CRC-32C by an order of magnitude, and proof against deliberate change. */
export const sha256Checksum: ChecksumAlgorithm = {
  name: 'sha256',
  digest: (bytes) => bytesToHex(sha256(bytes)),
};
