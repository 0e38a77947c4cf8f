import type * as z from 'zod';
import { checksumOf, type ChecksumAlgorithm, crc32cChecksum } from './checksum.js';
import type { chunkSchema } from './chunk-schema.js';
import { chunkShape } from './chunk-shape.js';
import { type JsonObject, type JsonValue, utf8Length } from './data.js';
import { type ErrorDetails, StreamError } from './errors.js';
import type { Problem } from './issue.js';
import { nameProblem } from './name.js';
import { isPlain, isPlainChunk, noMetadata } from './plain.js';
import { isSeq } from './position.js';

/**
 * One piece of a stream. Immutable.
 *
 * | field | meaning |
 * |---|---|
 * | `streamId` | name of the stream, a path such as `books/moby-dick` |
 * | `seq` | 0-based number in the stream, without gaps |
 * | `type` | `text`, `json`, `binary`, `audio` or `image` |
 * | `data` | a string, a JSON value, or a `Uint8Array` for the last three |
 * | `final` | whether the producer meant it as the last |
 * | `size` | bytes of the data: UTF-8 of text, UTF-8 of the JSON text, the byte length of binary |
 * | `checksum` | `algorithm:hexdigest` of those bytes, when asked for |
 * | `metadata` | a JSON object of the producer's own |
 * | `timestamp` | milliseconds since the epoch when it was made |
 */
export type Chunk = Readonly<z.infer<typeof chunkSchema>>;

/** A chunk without its place: what a producer sends and a frame carries. */
export type ChunkBody = Omit<Chunk, 'streamId' | 'seq'>;

/** The kinds of data a chunk can hold. */
export type ChunkType = Chunk['type'];

/** A chunk whose data is a string. */
export type TextChunk = Extract<Chunk, { type: 'text' }>;

/** A chunk whose data is a value, where it is known which. */
export type JsonChunk<T = JsonValue> = Omit<Extract<Chunk, { type: 'json' }>, 'data'> & { readonly data: T };

/** A chunk whose data is bytes. */
export type BytesChunk = Extract<Chunk, { data: Uint8Array }>;

/** Data a chunk can be made of without saying its type: strings become `text`, bytes `binary`, all else `json`. */
export type ChunkData = JsonValue | Uint8Array;

/** What {@link createChunk} needs; the rest has defaults. */
export interface ChunkInit {
  readonly streamId: string;
  readonly seq: number;
  readonly data: ChunkData;
  /** Default: by the data, see {@link ChunkData}. */
  readonly type?: ChunkType | undefined;
  /** Default `false`. */
  readonly final?: boolean;
  /** `true` for CRC-32C, or an algorithm. Default: none. */
  readonly checksum?: boolean | ChecksumAlgorithm | undefined;
  /** Default `{}`. */
  readonly metadata?: JsonObject | undefined;
  /** Default `Date.now()`. */
  readonly timestamp?: number;
}

/**
 * Makes a chunk: fills in type, size and timestamp, and the checksum when asked for. The chunk is frozen; its data and
 * metadata are not copied, so leave bytes and objects alone afterwards.
 *
 * @throws {@link StreamError} `chunk-invalid` naming the field and the kind of value it held
 *
 * @example
 * createChunk({ streamId: 'books/moby-dick', seq: 0, data: 'Call me Ishmael.' }).size; // 16
 */
export function createChunk(init: ChunkInit): Chunk {
  const { data, checksum } = init;
  const chunk = {
    streamId: init.streamId,
    seq: init.seq,
    type: init.type ?? dataType(data),
    data,
    final: init.final ?? false,
    size: 0,
    metadata: init.metadata ?? noMetadata,
    timestamp: init.timestamp ?? Date.now(),
  };
  if (!isPlain(chunk)) judge(chunk);
  chunk.size = dataSize(chunk.type, data);
  if (checksum !== undefined && checksum !== false) {
    const algorithm = checksum === true ? crc32cChecksum : checksum;
    (chunk as { checksum?: string }).checksum = checksumOf(chunk, algorithm);
  }
  return Object.freeze(chunk) as Chunk;
}

/**
 * Checks that a value is a chunk, its `size` included.
 *
 * @returns a frozen copy of it
 * @throws {@link StreamError} `chunk-invalid` naming the field and what was wrong with it
 */
export function checkChunk(value: unknown): Chunk {
  if (!isPlainChunk(value)) judge(value);
  const chunk = value as Chunk;
  const { streamId, seq } = chunk;
  checkSize(chunk, { streamId, seq });
  return chunkOf(streamId, seq, chunk);
}

/** Gives a body its place: the chunk a reader sees. */
export function chunkOf(streamId: string, seq: number, body: ChunkBody): Chunk {
  // Written out, so that every chunk has the same shape and reading one stays fast.
  const chunk = {
    streamId,
    seq,
    type: body.type,
    data: body.data,
    final: body.final,
    size: body.size,
    metadata: body.metadata,
    timestamp: body.timestamp,
  };
  if (body.checksum !== undefined) (chunk as { checksum?: string }).checksum = body.checksum;
  return Object.freeze(chunk) as Chunk;
}

function judge(value: unknown): void {
  const problem = chunkShape(value);
  if (problem === undefined) return;
  const { streamId, seq } = (value ?? {}) as Record<string, unknown>;
  throw invalidChunk(problem, {
    ...(nameProblem(streamId) === undefined ? { streamId: streamId as string } : {}),
    ...(isSeq(seq) ? { seq } : {}),
  });
}

/** @internal Refuses a chunk, valid otherwise, whose `size` is not that of its data. */
export function checkSize({ type, data, size }: ChunkBody, place?: ErrorDetails): void {
  const actual = dataSize(type, data);
  if (size === actual) return;
  throw invalidChunk({ field: 'size', message: `says ${size} but the data takes ${actual} bytes` }, place);
}

/** @internal Bytes that valid data of this type takes: what {@link Chunk.size} must say. */
export function dataSize(type: ChunkType, data: unknown): number {
  if (data instanceof Uint8Array) return data.byteLength;
  return utf8Length(type === 'text' ? (data as string) : JSON.stringify(data));
}

/** @internal The type of a chunk that nobody said the type of. */
export function dataType(data: ChunkData): ChunkType {
  if (typeof data === 'string') return 'text';
  return data instanceof Uint8Array ? 'binary' : 'json';
}

/** @internal The refusal of a chunk: one sentence that names the wrong field. */
export function invalidChunk({ field, message }: Problem, place?: ErrorDetails): StreamError {
  const about = field === undefined ? 'chunk' : `chunk field "${field}"`;
  return new StreamError('chunk-invalid', `${about}: ${message}`, field === undefined ? place : { ...place, field });
}
