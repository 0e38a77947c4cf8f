import { describe, expect, it } from 'vitest';
import { bearerOf } from '../../src/auth/credentials.js';
import { asking } from './asking.js';

describe('bearerOf', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc ', 'abc'],
    ['Basic abc', undefined],
    ['Bearer a b', undefined],
    ['Bearer', undefined],
    ['', undefined],
  ])('reads %j', (authorization, token) => {
    expect(bearerOf(asking({ authorization }))).toBe(token);
  });

  it('finds none where there is no header', () => {
    expect(bearerOf(asking())).toBeUndefined();
  });

  it('does not look at one that is too long', () => {
    expect(() => bearerOf(asking({ authorization: `Bearer ${'a'.repeat(8192)}` }))).toThrow('too long');
  });
});
