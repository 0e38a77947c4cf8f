import type { EncodedChunk } from '../chunk/index.js';

// A chunk is written as flags (1 byte), length of the head (4), size of the data (8), head, bytes.
const prefix = 13;
const flagAscii = 1;
const flagBytes = 2;

/** @internal Writes a chunk. It shares nothing with what it is given. */
export function writeChunk({ head, bytes, size, length }: EncodedChunk): Buffer {
  const headLength = length - (bytes?.byteLength ?? 0);
  const ascii = headLength === head.length;
  const record = Buffer.allocUnsafe(prefix + length);
  record[0] = (ascii ? flagAscii : 0) | (bytes === undefined ? 0 : flagBytes);
  record.writeUInt32LE(headLength, 1);
  record.writeDoubleLE(size, 5);
  // Most heads are ASCII, which needs no encoding; reading gains even more.
  record.write(head, prefix, ascii ? 'latin1' : 'utf8');
  if (bytes !== undefined) record.set(bytes, prefix + headLength);
  return record;
}

/** @internal Reads what {@link writeChunk} wrote. The record may be overwritten afterwards. */
export function readChunk(record: Buffer): EncodedChunk {
  const flags = record[0]!;
  const end = prefix + record.readUInt32LE(1);
  return {
    head: record.toString((flags & flagAscii) === 0 ? 'utf8' : 'latin1', prefix, end),
    // A copy, and a plain one: what a log gives back is no `Buffer`.
    bytes: (flags & flagBytes) === 0 ? undefined : new Uint8Array(record.subarray(end, record.length)),
    size: record.readDoubleLE(5),
    length: record.length - prefix,
  };
}
