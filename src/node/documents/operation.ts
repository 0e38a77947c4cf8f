import type { JsonSchema } from './json-schema.js';

/** A request that a path answers, as OpenAPI has it. */
export type Operation = JsonSchema;

/** What {@link operation} needs beside a summary. */
export interface OperationParts {
  readonly tag: string;
  readonly parameters?: readonly JsonSchema[];
  /** What the body holds, by media type. */
  readonly body?: Readonly<Record<string, JsonSchema>>;
  /** Answers by status; what may go wrong anywhere is added. */
  readonly answers: Readonly<Record<string, JsonSchema>>;
  /** Statuses of refusals, with a word on each. */
  readonly refusals?: Readonly<Record<string, string>>;
}

/** @internal Refers to a schema of the document. */
export function schema(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** @internal An answer without a body, or with one of these media types. */
export function answer(description: string, content?: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return content === undefined ? { description } : { description, content: contentOf(content) };
}

/** @internal An answer in JSON. */
export function answerJson(description: string, of: JsonSchema): JsonSchema {
  return answer(description, { 'application/json': of });
}

/** @internal A parameter in the query or a header. */
export function parameter(
  where: 'query' | 'header',
  name: string,
  description: string,
  of: JsonSchema = text,
): JsonSchema {
  return { name, in: where, description, schema: of };
}

/** @internal A parameter in the path. */
export function segment(name: string, description: string): JsonSchema {
  return { name, in: 'path', required: true, description, schema: text };
}

const text = { type: 'string' };

/** @internal One operation: its id is made of its summary, so that it is found by what it does. */
export function operation(
  summary: string,
  { tag, parameters, body, answers, refusals = {} }: OperationParts,
): Operation {
  const refused = Object.entries(refusals).map(([status, why]) => [status, answerJson(why, schema('Refusal'))]);
  return {
    operationId: idOf(summary),
    summary,
    tags: [tag],
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: { ...answers, ...Object.fromEntries(refused) },
  };
}

function contentOf(content: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return Object.fromEntries(Object.entries(content).map(([type, of]) => [type, { schema: of }]));
}

function idOf(summary: string): string {
  const [first = '', ...rest] = summary
    .toLowerCase()
    .replaceAll(/[^a-z ]/g, '')
    .split(' ');
  return first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
}
