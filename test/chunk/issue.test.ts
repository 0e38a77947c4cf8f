import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { firstProblem } from '../../src/chunk/issue.js';

const schema = z.strictObject({
  count: z.int().min(0),
  nested: z.strictObject({ list: z.array(z.string()) }).optional(),
  own: z.custom((value) => value === 1, 'must be one').optional(),
});

function problemOf(value: unknown) {
  return firstProblem(schema.safeParse(value).error!, value);
}

describe('firstProblem', () => {
  it('names the field, what was expected and the kind of what came', () => {
    expect(problemOf({ count: '5' })).toEqual({
      field: 'count',
      message: 'Invalid input: expected number, got a string',
    });
    expect(problemOf({ count: 0.5 })).toEqual({
      field: 'count',
      message: 'Invalid input: expected int, got a fractional number',
    });
    expect(problemOf({ count: -1 }).message).toMatch(/, got a negative number$/);
    expect(problemOf({}).message).toMatch(/, got undefined$/);
  });

  it('names a nested field by its path', () => {
    const { field, message } = problemOf({ count: 0, nested: { list: ['a', null] } });
    expect(field).toBe('nested.list.1');
    expect(message).toMatch(/, got null$/);
  });

  it('names no field when the value as a whole is wrong', () => {
    expect(problemOf(null)).toEqual({ field: undefined, message: 'Invalid input: expected object, got null' });
  });

  it('leaves the words of our own checks alone', () => {
    expect(problemOf({ count: 0, own: 2 })).toEqual({ field: 'own', message: 'must be one' });
  });

  it('quotes an unknown key, but not all of a long one', () => {
    expect(problemOf({ count: 0, extra: 1 })).toEqual({ field: undefined, message: 'Unrecognized key: "extra"' });
    expect(problemOf({ count: 0, ['x'.repeat(10_000)]: 1 }).message).toHaveLength(256);
  });
});
