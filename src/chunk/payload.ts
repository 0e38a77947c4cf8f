import * as z from 'zod';
import { type JsonValue, jsonProblem } from './data.js';
import { kindOf, StreamError } from './errors.js';
import { firstProblem } from './issue.js';

/** The kinds of payload a stream may carry: for each, by its `type`, the schema of its other fields. */
export type PayloadKinds = Readonly<Record<string, z.ZodObject>>;

/** A payload of one of these kinds: an object with its `type` beside the fields of the kind. */
export type PayloadOf<K extends PayloadKinds> = {
  [T in keyof K & string]: { readonly type: T } & Readonly<z.infer<K[T]>>;
}[keyof K & string];

/** What the data of a stream's `json` chunks may be: events of known kinds. */
export interface Payloads<K extends PayloadKinds> {
  /** The kinds, by name. */
  readonly kinds: K;

  /**
   * Checks that a value is a payload: of a known kind, with the fields of that kind and no others.
   *
   * @throws {@link StreamError} `chunk-invalid` naming the field and the kind of value it held
   */
  parse(value: unknown): PayloadOf<K>;

  /** These kinds and more. @throws TypeError when one of them is known already */
  with<M extends PayloadKinds>(more: M): Payloads<K & M>;
}

/**
 * Makes a set of payload kinds, which users extend with their own.
 *
 * @example
 * const payloads = actorPayloads.with({ citation: z.strictObject({ url: z.url() }) });
 * payloads.parse(chunk.data); // { type: 'citation', url: 'https://…' }
 */
export function createPayloads<K extends PayloadKinds>(kinds: K): Payloads<K> {
  return {
    kinds,
    parse: (value) => parsePayload(kinds, value) as PayloadOf<K>,
    with: <M extends PayloadKinds>(more: M): Payloads<K & M> => {
      const known = Object.keys(more).find((type) => Object.hasOwn(kinds, type));
      if (known !== undefined) throw new TypeError(`payload kind "${known}" is known already`);
      return createPayloads({ ...kinds, ...more } as K & M);
    },
  };
}

function parsePayload(kinds: PayloadKinds, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(undefined, `must be an object, got ${kindOf(value)}`);
  }
  const { type, ...fields } = value as Record<string, unknown>;
  if (typeof type !== 'string') throw invalid('type', `must be a string, got ${kindOf(type)}`);
  if (!Object.hasOwn(kinds, type)) throw invalid('type', `must be one of ${Object.keys(kinds).join(', ')}`);
  const result = kinds[type]!.safeParse(fields);
  if (result.success) return { type, ...result.data };
  const { field, message } = firstProblem(result.error, fields);
  throw invalid(field, message, result.error);
}

function invalid(field: string | undefined, message: string, cause?: unknown): StreamError {
  const about = field === undefined ? 'payload' : `payload field "${field}"`;
  return new StreamError('chunk-invalid', `${about}: ${message}`, {
    ...(field === undefined ? {} : { field }),
    ...(cause === undefined ? {} : { cause }),
  });
}

const json = z.custom<JsonValue>((value) => jsonProblem(value) === undefined, {
  error: (issue) => `must be JSON but ${jsonProblem(issue.input)}`,
});

/**
 * What an actor streams.
 *
 * | type | fields |
 * |---|---|
 * | `start` | `input?`: what it was asked; `attempt?`: who took it up, from 1. What came before does not count any more |
 * | `progress` | `current` of `total?`, in units of its own; `message?` |
 * | `data` | `value`: a piece of its output |
 * | `complete` | `output?`: the whole, where it has one |
 * | `error` | `message`; `code?` |
 */
export const actorPayloads = createPayloads({
  start: z.strictObject({ input: json.optional(), attempt: z.int().min(1).optional() }),
  progress: z.strictObject({
    current: z.number().min(0),
    total: z.number().min(0).optional(),
    message: z.string().optional(),
  }),
  data: z.strictObject({ value: json }),
  complete: z.strictObject({ output: json.optional() }),
  error: z.strictObject({ message: z.string(), code: z.string().optional() }),
});

/** A payload of {@link actorPayloads}. */
export type ActorPayload = PayloadOf<(typeof actorPayloads)['kinds']>;
