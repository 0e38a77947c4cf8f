import type * as z from 'zod';
import { fromBase64, toBase64 } from './base64.js';
import { checkChunk, checkSize, type Chunk, type ChunkBody, chunkOf, invalidChunk } from './chunk.js';
import type { headSchema } from './chunk-schema.js';
import { headShape } from './chunk-shape.js';
import { type JsonValue, utf8Length } from './data.js';
import { kindOf, StreamError } from './errors.js';
import { isPlainHead, noMetadata } from './plain.js';

/**
 * A chunk as logs keep it and links carry it: encoded once, written many times. It leaves out `streamId` and `seq`, which
 * the log assigns and the frame around it carries.
 */
export interface EncodedChunk {
  /** JSON text of every field but `streamId`, `seq` and, for binary types, `data`. */
  readonly head: string;
  /** The data of binary types, raw. */
  readonly bytes: Uint8Array | undefined;
  /** {@link Chunk.size}: what byte credit counts. */
  readonly size: number;
  /** Bytes the encoded chunk takes: the UTF-8 of `head` and the length of `bytes`. */
  readonly length: number;
}

/** A parsed {@link EncodedChunk.head}. */
export type ChunkHead = z.infer<typeof headSchema>;

/** Encodes a chunk's body. The chunk is trusted: check it where it comes in. */
export function encodeChunk(chunk: ChunkBody): EncodedChunk {
  const { type, data, size, checksum, metadata } = chunk;
  const bytes = data instanceof Uint8Array ? data : undefined;
  const content = bytes === undefined ? `,"data":${jsonText(data as JsonValue)}` : '';
  let rest = chunk.final ? ',"final":true' : '';
  if (checksum !== undefined) rest += `,"checksum":${JSON.stringify(checksum)}`;
  if (hasKeys(metadata)) rest += `,"metadata":${JSON.stringify(metadata)}`;
  // A template around the one costly part, rather than stringify of the whole: a third of the time at 200 bytes.
  const head = `{"type":"${type}"${content},"size":${size},"timestamp":${numberText(chunk.timestamp)}${rest}}`;
  return { head, bytes, size, length: utf8Length(head) + (bytes?.byteLength ?? 0) };
}

let latest = { number: 0, text: '0' };

/** A number as text. Chunks made in the same millisecond have the same timestamp, and that is long. */
function numberText(number: number): string {
  if (latest.number !== number) latest = { number, text: `${number}` };
  return latest.text;
}

/**
 * What JSON must escape in a string: control characters, `"` and `\\`. Said as all that is none of the others, which the
 * regular expression engine scans twice as fast. Line breaks are among the others: most text that has something to escape has
 * nothing else.
 */
const special = /[^\n !#-[\]-\uffff]/;

/** `JSON.stringify`, at half its price for the text of most tokens, which has nothing to escape but line breaks. */
function jsonText(data: JsonValue): string {
  if (typeof data !== 'string' || special.test(data)) return JSON.stringify(data);
  return data.includes('\n') ? `"${data.replaceAll('\n', '\\n')}"` : `"${data}"`;
}

/** Decodes what {@link encodeChunk} made: the head is trusted. */
export function decodeChunk(streamId: string, seq: number, encoded: EncodedChunk): Chunk {
  return chunkOf(streamId, seq, complete(JSON.parse(encoded.head) as ChunkHead, encoded.bytes));
}

/**
 * Checks a body that came from outside, its `size` included.
 *
 * @param head - anything, typically parsed JSON
 * @param bytes - the data of a binary type
 * @throws {@link StreamError} `chunk-invalid` naming the field
 */
export function checkBody(head: unknown, bytes?: Uint8Array): ChunkBody {
  if (!isPlainHead(head)) judge(head);
  const body = complete(head as ChunkHead, bytes);
  if (body.data === undefined) {
    throw invalidChunk({ field: 'data', message: `a ${body.type} chunk needs bytes, got none` });
  }
  checkSize(body);
  return body;
}

function judge(head: unknown): void {
  const problem = headShape(head);
  if (problem !== undefined) throw invalidChunk(problem);
}

function complete(head: ChunkHead, bytes: Uint8Array | undefined): ChunkBody {
  const body = {
    type: head.type,
    data: 'data' in head ? head.data : bytes,
    final: head.final ?? false,
    size: head.size,
    metadata: head.metadata ?? noMetadata,
    timestamp: head.timestamp,
  };
  if (head.checksum !== undefined) (body as { checksum?: string }).checksum = head.checksum;
  return body as ChunkBody;
}

/** A chunk as one JSON text without loss: the data of binary types becomes base64. */
export function chunkToJson(chunk: Chunk): string {
  return chunk.data instanceof Uint8Array
    ? JSON.stringify({ ...chunk, data: toBase64(chunk.data) })
    : JSON.stringify(chunk);
}

/**
 * Reads what {@link chunkToJson} wrote.
 *
 * @throws {@link StreamError} `chunk-invalid` naming the field, also for unknown fields and for text that is not JSON
 */
export function chunkFromJson(json: string): Chunk {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new StreamError('chunk-invalid', 'chunk: must be JSON text', { cause });
  }
  return chunkFromValue(value);
}

/** @internal {@link chunkFromJson} for what has been parsed. */
export function chunkFromValue(value: unknown): Chunk {
  return checkChunk(withBytes(value));
}

function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type !== 'binary' && type !== 'audio' && type !== 'image') return value;
  const bytes = typeof data === 'string' ? fromBase64(data) : undefined;
  if (bytes === undefined) {
    const got = typeof data === 'string' ? 'other text' : kindOf(data);
    throw new StreamError('chunk-invalid', `chunk field "data": must be base64, got ${got}`, { field: 'data' });
  }
  return { ...value, data: bytes };
}

function hasKeys(object: object): boolean {
  for (const _ in object) return true;
  return false;
}
