import * as z from 'zod';
import { bytesProblem, objectProblem, textProblem, valueProblem } from './chunk-shape.js';
import type { JsonObject, JsonValue } from './data.js';
import { nameProblem } from './name.js';

/** A value of which `problemOf` has nothing to say. */
function custom<T>(problemOf: (value: unknown) => string | undefined) {
  return z.custom<T>((value) => problemOf(value) === undefined, { error: ({ input }) => problemOf(input) });
}

/** @internal The schema of a stream's name. */
export const nameSchema = custom<string>(nameProblem);

const common = {
  streamId: nameSchema,
  seq: z.int().min(0),
  final: z.boolean(),
  size: z.int().min(0),
  checksum: z.string().max(160).optional(),
  metadata: custom<JsonObject>(objectProblem),
  timestamp: z.number().min(0),
};
const textChunk = z.strictObject({ ...common, type: z.literal('text'), data: custom<string>(textProblem) });
const jsonChunk = z.strictObject({ ...common, type: z.literal('json'), data: custom<JsonValue>(valueProblem) });
const bytesChunk = z.strictObject({
  ...common,
  type: z.enum(['binary', 'audio', 'image']),
  data: custom<Uint8Array>(bytesProblem),
});

/** The schema every chunk fits; unknown fields are refused. The type {@link Chunk} is inferred from it. */
export const chunkSchema = z.discriminatedUnion('type', [textChunk, jsonChunk, bytesChunk]);

const place = { streamId: true, seq: true } as const;
const sparse = { final: common.final.optional(), metadata: common.metadata.optional() };

/**
 * Schema of a parsed `head`: `final` may be left out when false, `metadata` when empty, and the data of binary types
 * stands beside it. Unknown fields are refused.
 */
export const headSchema = z.discriminatedUnion('type', [
  textChunk.omit(place).extend(sparse),
  jsonChunk.omit(place).extend(sparse),
  bytesChunk.omit({ ...place, data: true }).extend(sparse),
]);
