import { describe, expect, it } from 'vitest';
import { type BoundOptions, checkBound } from '../../src/chunk/bound.js';

describe('checkBound', () => {
  it.each<[value: number, options?: BoundOptions]>([
    [1],
    [2 ** 53 - 1],
    [0, { min: 0 }],
    [-5, { min: -10 }],
    [10, { max: 10 }],
    [Infinity, { infinite: true }],
    [Infinity, { infinite: true, max: 10 }],
    [0.5, { min: 0, whole: false }],
  ])('answers with %o when it may be (%o)', (value, options) => {
    expect(checkBound('size', value, options)).toBe(value);
  });

  it.each<[value: number, options: BoundOptions | undefined, message: string]>([
    [0, undefined, 'size must be a whole number of at least 1, got 0'],
    [-1, { min: 0 }, 'size must be a whole number of at least 0, got -1'],
    [1.5, undefined, 'size must be a whole number of at least 1, got 1.5'],
    [NaN, { whole: false }, 'size must be a number of at least 1, got NaN'],
    [Infinity, undefined, 'size must be a whole number of at least 1, got Infinity'],
    [-Infinity, { infinite: true }, 'size must be a whole number of at least 1 or Infinity, got -Infinity'],
    [11, { max: 10 }, 'size must be a whole number of at least 1 and at most 10, got 11'],
    [2 ** 53, undefined, 'size must be a whole number of at least 1, got 9007199254740992'],
    [
      0.5,
      { min: 0, max: 1, infinite: true },
      'size must be a whole number of at least 0 and at most 1 or Infinity, got 0.5',
    ],
  ])('refuses %o (%o)', (value, options, message) => {
    const check = () => checkBound('size', value, options);
    expect(check).toThrow(RangeError);
    expect(check).toThrow(new RangeError(message));
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['5', 'a string'],
    [5n, 'a bigint'],
    [{}, 'an object'],
    [[5], 'an array'],
  ])('refuses %o, which is no number', (value, kind) => {
    expect(() => checkBound('size', value)).toThrow(new TypeError(`size must be a number, got ${kind}`));
  });
});
