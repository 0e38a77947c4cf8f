import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  dataBytes,
  jsonProblem,
  maxJsonDepth,
  portableUtf8Length,
  utf8Bytes,
  utf8Length,
} from '../../src/chunk/data.js';
import { codePoint } from './code-point.js';

const utf8 = new TextEncoder();

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('jsonProblem', () => {
  it.each([
    null,
    true,
    false,
    0,
    -1.5e300,
    '',
    'text 😀',
    [],
    {},
    [1, [2, { a: null }]],
    Object.assign(Object.create(null) as object, { a: 1 }),
    JSON.parse('{"__proto__":{"a":1},"constructor":5,"toJSON":1}'),
  ])('has nothing against %o', (value: unknown) => {
    expect(jsonProblem(value)).toBeUndefined();
  });

  class Money {
    amount = 5;
  }

  it.each([
    ['undefined', undefined, 'holds undefined'],
    ['a bigint', 5n, 'holds a bigint'],
    ['a function', () => {}, 'holds a function'],
    ['a symbol', Symbol('s'), 'holds a symbol'],
    ['NaN', NaN, 'holds NaN'],
    ['Infinity', [-Infinity], 'holds -Infinity'],
    ['a lone surrogate', { a: '\ud800' }, 'holds a lone surrogate'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'holds a key with a lone surrogate'],
    ['undefined in an object', { a: undefined }, 'holds undefined'],
    ['a hole', Array.from({ length: 3, 0: 1, 2: 1 }, (v: unknown) => v), 'holds undefined'],
    ['a date', new Date(0), 'holds an instance of Date'],
    ['a map', [new Map()], 'holds an instance of Map'],
    ['bytes', { a: new Uint8Array(1) }, 'holds an instance of Uint8Array'],
    ['an instance', new Money(), 'holds an instance of Money'],
    ['an instance of nothing named', new (class {})(), 'holds an object with a prototype of its own'],
    ['an heir of a plain object', Object.create({ a: 1 }), 'holds an object with a prototype of its own'],
    ['an heir of nothing', Object.create(Object.create(null) as object), 'holds an object with a prototype of its own'],
    ['something that writes itself', { toJSON: () => 5 }, 'holds an object with a toJSON method'],
  ])('says what is wrong with %s', (_, value: unknown, problem) => {
    expect(jsonProblem(value)).toBe(problem);
  });

  it('does not ask an object who it is', () => {
    const liar = Object.assign(new Money(), { constructor: { name: 'Object' } });
    expect(jsonProblem(liar)).toBe('holds an instance of Money');
  });

  it('takes a sparse array for what JSON would make of it', () => {
    // eslint-disable-next-line no-sparse-arrays -- the hole is the point
    expect(jsonProblem([1, , 3])).toBe('holds undefined');
  });

  it(`goes ${maxJsonDepth} deep, and no deeper`, () => {
    expect(jsonProblem(nested(maxJsonDepth))).toBeUndefined();
    expect(jsonProblem(nested(maxJsonDepth + 1))).toBe(`is nested deeper than ${maxJsonDepth}`);
    const circle: unknown[] = [];
    circle.push(circle);
    expect(jsonProblem(circle)).toBe(`is nested deeper than ${maxJsonDepth}`);
  });

  it('has nothing against whatever JSON can hold, and that comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: codePoint }), (value) => {
        expect(jsonProblem(value)).toBeUndefined();
        // JSON writes -0 as 0: the one thing that gets lost.
        expect(JSON.stringify(JSON.parse(JSON.stringify(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe.each([
  ['with Buffer', utf8Length],
  ['as in a browser', portableUtf8Length],
])('utf8Length %s', (_, length) => {
  it.each([
    ['', 0],
    ['a', 1],
    ['\u007f', 1],
    ['\u0080', 2],
    ['\u07ff', 2],
    ['\u0800', 3],
    ['\ud7ff', 3],
    ['\ue000', 3],
    ['\uffff', 3],
    ['😀', 4],
    ['\u{10ffff}', 4],
  ])('of %o is %i', (text, expected) => {
    expect(length(text)).toBe(expected);
  });

  it('is what an encoder writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        expect(length(text)).toBe(utf8.encode(text).length);
      }),
    );
  });
});

describe('dataBytes', () => {
  it('is what size counts and checksum covers', () => {
    const bytes = Uint8Array.of(1, 2);
    expect(dataBytes({ type: 'binary', data: bytes })).toBe(bytes);
    expect([...dataBytes({ type: 'text', data: 'é"' })]).toEqual([...utf8.encode('é"')]);
    expect([...dataBytes({ type: 'json', data: 'é"' })]).toEqual([...utf8.encode('"é\\""')]);
    expect([...dataBytes({ type: 'json', data: null })]).toEqual([...utf8.encode('null')]);
  });
});

describe('utf8Bytes', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it('writes UTF-8', () => {
    expect([...utf8Bytes('é😀')]).toEqual([...utf8.encode('é😀')]);
  });

  it('goes the way of browsers without Buffer, as utf8Length does', async () => {
    vi.stubGlobal('Buffer', undefined);
    vi.resetModules();
    const browser = await import('../../src/chunk/data.js');
    expect(browser.utf8Length('é😀')).toBe(6);
    expect(browser.utf8Bytes('é😀')).toEqual(utf8.encode('é😀'));
  });
});
