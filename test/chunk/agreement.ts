import { expect } from 'vitest';
import type * as z from 'zod';
import type { Shape } from '../../src/chunk/shape.js';

/**
 * Expects a shape and a schema to take the same value, or to refuse it for the same field: where several are wrong, for one of
 * them. Answers whether they take it.
 */
export function agree(value: unknown, shape: Shape, schema: z.ZodType): boolean {
  const judged = schema.safeParse(value);
  const problem = shape(value);
  const said = problem === undefined ? 'nothing' : (problem.field ?? 'the whole');
  const wrong = judged.success ? ['nothing'] : judged.error.issues.map(({ path }) => path.join('.') || 'the whole');
  expect(wrong, JSON.stringify(value)).toContain(said);
  return judged.success;
}
