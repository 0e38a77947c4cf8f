import { describe, expect, it, vi } from 'vitest';
import { StreamError } from '../../src/chunk/errors.js';
import { checkName, maxNameBytes, nameProblem } from '../../src/chunk/name.js';

const good = [
  'a',
  'books/moby-dick',
  'a.b/c_d-e',
  '.hidden',
  '...',
  'a..b/c.',
  'a b',
  'książki/漢字/😀',
  '%2e%2e/?#&',
  '__proto__',
  'x'.repeat(maxNameBytes),
  '€'.repeat(170),
  '1',
];

const bad: readonly (readonly [name: unknown, problem: string])[] = [
  [undefined, 'must be a string, got undefined'],
  [5, 'must be a string, got a number'],
  ['', 'must not be empty'],
  ['x'.repeat(maxNameBytes + 1), 'must be at most 512 bytes of UTF-8'],
  ['€'.repeat(171), 'must be at most 512 bytes of UTF-8'],
  ['é'.repeat(257), 'must be at most 512 bytes of UTF-8'],
  ['a\ud800b', 'must not hold a lone surrogate'],
  ['\udc00', 'must not hold a lone surrogate'],
  ['a\nb', 'must not hold a control character or line separator'],
  ['a\u0000', 'must not hold a control character or line separator'],
  ['a\u007f', 'must not hold a control character or line separator'],
  ['a\u0085', 'must not hold a control character or line separator'],
  ['a\u2028b', 'must not hold a control character or line separator'],
  ['a\u2029b', 'must not hold a control character or line separator'],
  ['a\\b', 'must not hold a backslash'],
  ['/', 'must not have an empty segment'],
  ['/a', 'must not have an empty segment'],
  ['a/', 'must not have an empty segment'],
  ['a//b', 'must not have an empty segment'],
  ['.', 'must not have a "." segment'],
  ['..', 'must not have a ".." segment'],
  ['a/..', 'must not have a ".." segment'],
  ['a/./b', 'must not have a "." segment'],
  ['a/../../b', 'must not have a ".." segment'],
  ['é/..', 'must not have a ".." segment'],
];

describe('nameProblem', () => {
  it.each(good)('has nothing against %.40o', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  it.each(bad)('says what is wrong with %.40o', (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  it('takes nothing for a name when it is asked for the first time', async () => {
    vi.resetModules();
    const fresh = await import('../../src/chunk/name.js');
    expect(fresh.nameProblem(undefined)).toBe('must be a string, got undefined');
  });

  it('says the same of a name it has just seen', () => {
    expect([nameProblem('a b'), nameProblem('a b'), nameProblem('a\\b'), nameProblem('a b')]).toEqual([
      undefined,
      undefined,
      'must not hold a backslash',
      undefined,
    ]);
  });
});

describe('checkName', () => {
  it('answers with the name', () => {
    expect(checkName('books/moby-dick')).toBe('books/moby-dick');
  });

  it('throws name-invalid, with the reason but without the name', () => {
    const check = () => checkName('secret/../x');
    expect(check).toThrow(StreamError);
    expect(check).toThrow(
      expect.objectContaining({
        code: 'name-invalid',
        message: 'stream name must not have a ".." segment',
        details: { field: 'stream' },
      }),
    );
  });
});
