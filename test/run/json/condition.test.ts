import { Earlier } from '../../../src/run/earlier.js';
import { checkCondition, holds } from '../../../src/run/json/condition.js';
import { describe, expect, it } from 'vitest';

const earlier = Earlier.of({ n: 3, yes: true, tags: ['x', { a: [1] }] });
const n = { $from: 'input.n' };

describe('condition', () => {
  it.each<[unknown, boolean]>([
    [true, true],
    [false, false],
    [{ $from: 'input.yes' }, true],
    [{ equals: [n, 3] }, true],
    [{ equals: [n, '3'] }, false],
    [{ equals: [{ $from: 'input.tags.1' }, { a: [1] }] }, true],
    [{ equals: [{ a: [1] }, { a: { 0: 1 } }] }, false],
    [{ equals: [{ a: 1 }, { b: 1 }] }, false],
    [{ equals: [{ a: 1 }, { a: 1, b: 1 }] }, false],
    [{ equals: [{}, null] }, false],
    [{ less: [n, 3] }, false],
    [{ at_most: [n, 3] }, true],
    [{ greater: [n, 2] }, true],
    [{ at_least: [n, 4] }, false],
    [{ contains: [{ $from: 'input.tags' }, { a: [1] }] }, true],
    [{ contains: ['abc', 'd'] }, false],
    [{ exists: { $from: 'input.none' } }, false],
    [{ not: { exists: { $from: 'input.none' } } }, true],
    [{ all: [true, { less: [n, 4] }] }, true],
    [{ all: [true, false] }, false],
    [{ any: [false, { $from: 'input.yes' }] }, true],
    [{ any: [] }, false],
  ])('%j is %j', (condition, expected) => {
    checkCondition(condition, 'if');
    expect(holds(condition, earlier)).toBe(expected);
  });

  it.each<[unknown, string]>([
    ['input.n > 3', 'if: a condition must be true, false or an object, got a string'],
    [[], 'if: a condition must be true, false or an object, got an array'],
    [{}, 'if: a condition must be one of equals, '],
    [{ equals: [1, 1], less: [1, 2] }, 'if: a condition must be one of'],
    [{ js: 'true' }, 'if: a condition must be one of'],
    [{ constructor: [1, 2] }, 'if: a condition must be one of'],
    [{ less: 3 }, 'if.less: must be an array, got a number'],
    [{ less: [3] }, 'if.less: must be an array of two values'],
    [{ not: { any: [{ equals: [1] }] } }, 'if.not.any.0.equals: must be an array of two values'],
  ])('refuses %j', (condition, message) => {
    expect(() => checkCondition(condition, 'if')).toThrow(message);
  });

  it.each<[unknown, string]>([
    [{ less: [n, 'x'] }, 'less must compare numbers, got a number and a string'],
    [{ contains: [n, 1] }, 'contains must look into an array, or for a text in a text, got a number'],
    [n, 'a condition must be true or false, got a number'],
  ])('fails where %j is no question', (condition, message) => {
    checkCondition(condition, 'if');
    expect(() => holds(condition, earlier)).toThrow(message);
  });

  it('says what it refers to', () => {
    const fields = checkCondition({ all: [{ less: [n, 1] }, { not: { $from: 'input.yes' } }] }, 'if');
    expect(fields.map(({ field }) => field)).toEqual(['if.all.0.less.0', 'if.all.1.not']);
  });
});
