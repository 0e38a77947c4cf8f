import { describe, expect, it } from 'vitest';
import { errorCodes, kindOf, StreamError, toStreamError } from '../../src/chunk/errors.js';

describe('StreamError', () => {
  it('is an error with a code, details and a cause', () => {
    const cause = new Error('deeper');
    const error = new StreamError('gap', 'chunk 5 is missing', { streamId: 's', seq: 5, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'StreamError', code: 'gap', message: 'chunk 5 is missing', cause });
    expect(error.details).toEqual({ streamId: 's', seq: 5 });
  });

  it('has no cause when none is given, and no details', () => {
    const error = new StreamError('overflow', 'too much');
    expect('cause' in error).toBe(false);
    expect(error.details).toEqual({});
  });
});

describe('errorCodes', () => {
  it('are words, each once', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });
});

describe('toStreamError', () => {
  it('passes on what is one', () => {
    const error = new StreamError('gap', 'missing');
    expect(toStreamError(error, 'internal')).toBe(error);
  });

  it.each([
    [new TypeError('no function'), 'no function'],
    ['just text', 'just text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [{ code: 5 }, 'an object was thrown'],
    [Object.create(null), 'an object was thrown'],
    [[1], 'an array was thrown'],
  ])('wraps %o', (thrown: unknown, message) => {
    const error = toStreamError(thrown, 'callback-failed', { operator: 'batch' });
    expect(error).toMatchObject({ code: 'callback-failed', message, details: { operator: 'batch' } });
    expect(error.cause).toBe(thrown);
  });
});

describe('kindOf', () => {
  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    [new Uint8Array(1), 'bytes'],
    [5, 'a number'],
    [0, 'a number'],
    [-1, 'a negative number'],
    [-Infinity, 'a negative number'],
    [Infinity, 'Infinity'],
    [0.5, 'a fractional number'],
    [NaN, 'NaN'],
    ['', 'an empty string'],
    ['x', 'a string'],
    [true, 'a boolean'],
    [5n, 'a bigint'],
    [() => {}, 'a function'],
    [Symbol('s'), 'a symbol'],
    [{}, 'an object'],
    [new Date(), 'an object'],
  ])('of %o is %s', (value: unknown, kind) => {
    expect(kindOf(value)).toBe(kind);
  });

  it('never shows the value itself', () => {
    expect(kindOf('secret')).not.toContain('secret');
    expect(kindOf({ secret: 1 })).not.toContain('secret');
  });
});
