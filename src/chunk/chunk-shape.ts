import { jsonProblem } from './data.js';
import { kindOf } from './errors.js';
import { nameProblem } from './name.js';
import { anything, by, fields, isObject, optional, passing, type Shape, string, whole, without } from './shape.js';

/** @internal Why a value is no JSON. */
export function valueProblem(value: unknown): string | undefined {
  const problem = jsonProblem(value);
  return problem === undefined ? undefined : `must be JSON but ${problem}`;
}

/** @internal Why a value is no JSON object. */
export function objectProblem(value: unknown): string | undefined {
  const problem = jsonProblem(value);
  if (problem !== undefined) return `must be a JSON object but ${problem}`;
  return isObject(value) ? undefined : `must be a JSON object and is ${kindOf(value)}`;
}

/** @internal Why a value is no text. */
export function textProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && value.isWellFormed()) return undefined;
  return `must be a well-formed string, got ${typeof value === 'string' ? 'a lone surrogate' : kindOf(value)}`;
}

/** @internal Why a value is no bytes. */
export function bytesProblem(value: unknown): string | undefined {
  return value instanceof Uint8Array ? undefined : `must be a Uint8Array, got ${kindOf(value)}`;
}

/** @internal Longest checksum, in characters. */
export const maxChecksum = 160;

const text = without(textProblem);
const json = without(valueProblem);
const rest = {
  size: whole(),
  timestamp: passing((value) => Number.isFinite(value) && (value as number) >= 0, 'a number of at least 0'),
  checksum: optional(string(0, maxChecksum)),
};
const final = passing((value) => typeof value === 'boolean', 'true or false');
const metadata = without(objectProblem);

// Marked as pure: a page that only reads does without it, and loads it no more.
/** @internal What every chunk must be; `chunkSchema` says the same. */
export const chunkShape: Shape = /* @__PURE__ */ byType(
  (data) => fields({ type: anything, streamId: without(nameProblem), seq: whole(), ...data, ...rest, final, metadata }),
  /* @__PURE__ */ without(bytesProblem),
);

/** @internal What a parsed head must be; `headSchema` says the same. The data of binary types stands beside it. */
export const headShape: Shape = byType((data) =>
  fields({ type: anything, ...data, ...rest, final: optional(final), metadata: optional(metadata) }),
);

function byType(shapeOf: (data: { readonly data?: Shape }) => Shape, data?: Shape): Shape {
  const binary = shapeOf(data === undefined ? {} : { data });
  const [texts, values] = [text, json].map((one) => shapeOf({ data: one }));
  return by('type', { text: texts!, json: values!, binary, audio: binary, image: binary });
}
