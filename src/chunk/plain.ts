import { maxChecksum, objectProblem, textProblem, valueProblem } from './chunk-shape.js';
import type { JsonObject } from './data.js';
import { nameProblem } from './name.js';
import { isSeq } from './position.js';
import { isObject } from './shape.js';

// A quick yes to nearly every chunk there is, field by field, at a quarter of the price of a shape. Whatever gets none here
// the shape judges, and says what is wrong with it: where the two differ, it has the word.

/** @internal What stands for metadata where there is none. */
export const noMetadata: JsonObject = Object.freeze({});

type Fields = Readonly<Record<string, unknown>>;

/** @internal Whether the fields of a chunk are plainly in order, but for the truth of its `size`. */
export function isPlain(chunk: Fields): boolean {
  const { streamId, seq, type, data, final, metadata } = chunk;
  if (final === undefined || metadata === undefined || !isSeq(seq)) return false;
  const holds = isBinary(type) ? data instanceof Uint8Array : isPlainData(type, data);
  return nameProblem(streamId) === undefined && holds && hasPlainRest(chunk);
}

/** @internal Whether a value plainly is a chunk. */
export function isPlainChunk(value: unknown): boolean {
  return isObject(value) && isPlain(value) && countOf(value) === (value.checksum === undefined ? 8 : 9);
}

/** @internal Whether a value plainly is the head of an encoded chunk. */
export function isPlainHead(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { type, data, final, checksum, metadata } = value;
  if (!hasPlainRest(value) || !(isBinary(type) || isPlainData(type, data))) return false;
  let fields = isBinary(type) ? 3 : 4;
  if (final !== undefined) fields++;
  if (checksum !== undefined) fields++;
  if (metadata !== undefined) fields++;
  return countOf(value) === fields;
}

/** @internal Whether chunks of a type hold bytes. */
export function isBinary(type: unknown): boolean {
  return type === 'binary' || type === 'audio' || type === 'image';
}

function isPlainData(type: unknown, data: unknown): boolean {
  if (type === 'text') return textProblem(data) === undefined;
  return type === 'json' && valueProblem(data) === undefined;
}

/** Whether what chunks and heads have in common is in order. */
function hasPlainRest({ size, timestamp, final, checksum, metadata }: Fields): boolean {
  return (
    isSeq(size) &&
    Number.isFinite(timestamp) &&
    (timestamp as number) >= 0 &&
    (final === undefined || typeof final === 'boolean') &&
    (metadata === undefined || metadata === noMetadata || objectProblem(metadata) === undefined) &&
    (checksum === undefined || (typeof checksum === 'string' && checksum.length <= maxChecksum))
  );
}

function countOf(value: Fields): number {
  let count = 0;
  for (const _ in value) count++;
  return count;
}
