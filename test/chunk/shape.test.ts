import { describe, expect, it } from 'vitest';
import {
  by,
  fields,
  list,
  oneOf,
  optional,
  passing,
  string,
  tuple,
  where,
  whole,
  without,
} from '../../src/chunk/shape.js';

const point = fields({ x: whole(), y: optional(whole()) });
const path = fields({ name: string(1, 3), points: list(point, 1, 2), closed: passing((v) => v === true, 'true') });
const pair = where<readonly number[]>(tuple(whole(), whole()), ([a, b]) => a! < b!, 'must rise');
const any = by('kind', { dot: fields({ kind: string(), at: pair }), path: fields({ kind: string() }) });

describe('a shape', () => {
  it.each([
    [point, { x: 0 }],
    [point, { y: 2 ** 53 - 1, x: 1 }],
    [point, { x: 0, y: undefined }],
    [path, { name: 'abc', points: [{ x: 1 }, { x: 2, y: 3 }], closed: true }],
    [any, { kind: 'dot', at: [0, 1] }],
    [any, { kind: 'path' }],
    [string(), ''],
    [oneOf(1, 'a'), 'a'],
    [without(() => undefined), 5],
  ])('takes what fits: %#', (shape, value) => {
    expect(shape(value)).toBeUndefined();
  });

  it.each([
    [point, null, undefined, 'must be an object, got null'],
    [point, [], undefined, 'must be an object, got an array'],
    [point, {}, 'x', 'must be a whole number from 0 to 2^53 - 1, got undefined'],
    [point, { y: 1 }, 'x', 'must be a whole number from 0 to 2^53 - 1, got undefined'],
    [point, { x: 1, y: -1 }, 'y', 'must be a whole number from 0 to 2^53 - 1, got a negative number'],
    [point, { x: 1, z: 1 }, undefined, 'must not have a field "z"'],
    [point, { x: 1, ['z'.repeat(99)]: 1 }, undefined, `must not have a field "${'z'.repeat(64)}"`],
    [point, JSON.parse('{"x":1,"__proto__":{}}'), undefined, 'must not have a field "__proto__"'],
    [
      path,
      { name: '', points: [{ x: 1 }], closed: true },
      'name',
      'must be a string of 1 to 3 characters, got an empty string',
    ],
    [path, { name: 'a', points: [], closed: true }, 'points', 'must be an array of 1 to 2 items, got an array'],
    [path, { name: 'a', points: 5, closed: true }, 'points', 'must be an array of 1 to 2 items, got a number'],
    [path, { name: 'a', points: [{ x: 1 }, { x: 'a' }], closed: true }, 'points.1.x', 'got a string'],
    [path, { name: 'a', points: [{ x: 1 }], closed: 1 }, 'closed', 'must be true, got a number'],
    [any, 'dot', undefined, 'must be an object, got a string'],
    [any, { kind: 'line' }, 'kind', 'must be dot or path, got a string'],
    [any, { kind: 'constructor' }, 'kind', 'must be dot or path, got a string'],
    [any, { kind: 'dot', at: [1, 0] }, 'at', 'must rise'],
    [any, { kind: 'dot', at: [1] }, 'at', 'must be an array of 2 to 2 items, got an array'],
    [any, { kind: 'dot', at: [1, null] }, 'at.1', 'got null'],
    [string(), 5, undefined, 'must be a string, got a number'],
    [without(() => 'is never right'), 5, undefined, 'is never right'],
  ])('names what does not: %#', (shape, value: unknown, field, message) => {
    const problem = shape(value)!;
    expect(problem.field).toBe(field);
    expect(problem.message).toContain(message);
  });

  it('does not mind what somebody added to all objects', () => {
    const inherited: object = Object.assign(Object.create({ added: 1 }) as object, { x: 1 });
    expect(point(inherited)).toBeUndefined();
  });
});
