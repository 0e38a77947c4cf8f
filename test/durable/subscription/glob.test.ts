import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../src/durable/subscription/glob.js';

describe('matchesGlob', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a', false],
    ['a/*', 'a/b/c', false],
    ['*', 'a', true],
    ['a/**', 'a', true],
    ['a/**', 'a/b/c', true],
    ['**', 'a/b', true],
    ['**/c', 'c', true],
    ['**/c', 'a/b/c', true],
    ['**/b', 'a/b/c', false],
    ['a/**/c', 'a/c', true],
    ['a/**/*', 'a', false],
    ['a.b', 'axb', false],
    ['a*', 'ab', false],
  ])('%s fits %s: %s', (pattern, path, fits) => expect(matchesGlob(pattern, path)).toBe(fits));

  it('takes no longer for a wicked one', () => {
    const path = Array.from({ length: 250 }, () => 'a').join('/');
    expect(matchesGlob(`${'**/a/'.repeat(60)}b`, path)).toBe(false);
  });
});
