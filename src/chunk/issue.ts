import type * as z from 'zod';
import { kindOf } from './errors.js';

/** Longest message: it may quote a key that a stranger chose. */
const maxLength = 256;

/** @internal What was wrong with a value, in words. */
export interface Problem {
  /** Path of the wrong field, such as `window.bytes`; `undefined` when it is the value as a whole. */
  readonly field: string | undefined;
  /** What was expected, and the kind of value that came instead. */
  readonly message: string;
}

/** @internal The first thing zod found wrong with a value, named as the rest of this project names it. */
export function firstProblem(error: z.ZodError, value: unknown): Problem {
  // zod never fails without an issue.
  const { path, message, code } = error.issues[0]!;
  // Checks of our own say themselves what came; a key too many is no kind of value.
  const complete = code === 'custom' || code === 'unrecognized_keys';
  const kind = complete ? '' : `, got ${kindOf(valueAt(value, path))}`;
  const expected = message.replace(/, received .*$/, '').slice(0, maxLength);
  return { field: path.length === 0 ? undefined : path.join('.'), message: expected + kind };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  return at;
}
