import * as z from 'zod';
import { nameSchema } from '../../chunk/index.js';

/** A schema as JSON says it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A stream's name, as far as a schema can say what one is. */
const name = {
  type: 'string',
  minLength: 1,
  maxLength: 512,
  description: 'Name of a stream: a path such as books/moby-dick, without empty, "." or ".." segments.',
};
const base64 = { type: 'string', contentEncoding: 'base64' };

/**
 * What a schema of ours says, as a JSON schema that needs no other. Where a check of ours goes beyond what JSON schemas say, it
 * allows more.
 *
 * @internal
 * @param target - OpenAPI 3.1 speaks the draft of 2020, AsyncAPI 3 the seventh
 */
export function jsonSchemaOf(schema: z.ZodType, target: 'draft-2020-12' | 'draft-7'): JsonSchema {
  const made = z.toJSONSchema(schema, {
    target,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === nameSchema) Object.assign(jsonSchema, name);
      const { properties } = jsonSchema;
      if (properties !== undefined) describeData(properties as Record<string, JsonSchema>);
    },
  });
  const kept = Object.entries(made).filter(([key]) => !['$schema', '$defs', 'definitions'].includes(key));
  return withoutReferences(Object.fromEntries(kept)) as JsonSchema;
}

/** The data of a chunk is checked by functions: its type says what it is. */
function describeData(properties: Record<string, JsonSchema>): void {
  const { type, data, metadata } = properties;
  if (type?.['const'] === 'text' && data !== undefined) properties['data'] = { type: 'string' };
  if ((type?.['enum'] as readonly string[] | undefined)?.includes('binary') === true) properties['data'] = base64;
  if (metadata !== undefined) properties['metadata'] = { type: 'object' };
}

/** Only "any JSON" refers to something: to itself. That is said with less. */
function withoutReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutReferences(inner)]));
}
