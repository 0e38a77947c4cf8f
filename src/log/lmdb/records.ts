import type { EncodedChunk } from '../../chunk/index.js';

/**
 * @internal Key of a chunk: the number of its stream, then its own, so that a stream lies together and in order. Streams have
 * numbers beside their names: those are short, and a stream that is made anew shares no chunk with the one it replaces.
 */
export function chunkKey(stream: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUIntBE(stream, 0, 6);
  key.writeUIntBE(seq, 6, 6);
  return key;
}

/** @internal What is written of a stream beside its chunks, and of the log as stream 0. */
export const kinds = { version: 0, totals: 1, created: 2, standing: 3, producers: 4, removed: 5 } as const;

/** @internal One of {@link kinds}. */
export type Kind = (typeof kinds)[keyof typeof kinds];

/** @internal Key of what is written of a stream; some have several, told apart by an id. */
export function stateKey(stream: number, kind: Kind, id = ''): Buffer {
  const key = Buffer.allocUnsafe(7 + Buffer.byteLength(id));
  key.writeUIntBE(stream, 0, 6);
  key[6] = kind;
  key.write(id, 7);
  return key;
}

/** @internal Reads what {@link stateKey} wrote. */
export function readStateKey(key: Buffer): { readonly stream: number; readonly kind: number; readonly id: string } {
  return { stream: key.readUIntBE(0, 6), kind: key[6]!, id: key.toString('utf8', 7) };
}

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
