import { Earlier } from '../../../src/run/earlier.js';
import { computedFields, evaluate, parseReference, referencesIn } from '../../../src/run/json/expression.js';
import { describe, expect, it } from 'vitest';

describe('expression', () => {
  const earlier = Earlier.of({ name: 'ann', tags: ['x', 'y'] });
  earlier.add('sum', { total: 7 });
  const inner = earlier.within({ value: { url: 'u' }, index: 2 });

  it.each<[unknown, unknown]>([
    [1, 1],
    [null, null],
    [{ $from: 'input.name' }, 'ann'],
    [{ $from: 'input.tags.1' }, 'y'],
    [{ $from: 'steps.sum' }, { total: 7 }],
    [{ $from: 'steps.sum.total' }, 7],
    [{ $from: 'item.url' }, 'u'],
    [{ $from: 'index' }, 2],
    [
      [{ $from: 'index' }, 'a'],
      [2, 'a'],
    ],
    [{ a: { $from: 'input.none' }, b: { $from: 'steps.none' } }, {}],
    [{ $from: 'input.name.length' }, undefined],
    [{ $from: 'input.toString' }, undefined],
    [{ $from: 'input.__proto__' }, undefined],
    [
      { $join: ['to ', { $from: 'input.name' }, ' ', { $from: 'steps.sum' }, { $from: 'input.none' }] },
      'to ann {"total":7}',
    ],
  ])('makes of %j what it stands for', (value, expected) => {
    expect(evaluate(value, inner)).toEqual(expected);
  });

  it('finds no item where there is none', () => {
    expect([evaluate({ $from: 'item' }, earlier), evaluate({ $from: 'index' }, earlier)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each<[unknown, string]>([
    [7, '$from must be a string, got a number'],
    ['', '$from must begin with input, item, steps.ID, or be index'],
    ['index.a', '$from must begin with input, item, steps.ID, or be index'],
    ['steps', '$from must begin with input, item, steps.ID, or be index'],
    ['steps.a b', '$from must begin with input, item, steps.ID, or be index'],
    ['input..a', '$from must not have empty parts'],
  ])('refuses the reference %j', (text, message) => {
    expect(() => parseReference(text, 'at')).toThrow(`at: ${message}`);
  });

  it.each<[unknown, string]>([
    [{ $from: 'input', more: 1 }, 'at.a: $from must stand alone'],
    [{ $eval: '1' }, 'at.a: there is no "$eval", only $from and $join'],
    [{ $join: 'x' }, 'at.a: $join must be an array, got a string'],
  ])('refuses %j', (value, message) => {
    expect(() => referencesIn({ a: value }, 'at')).toThrow(message);
  });

  it('knows where it refers to what, and what is only known later', () => {
    const value = { a: [1, { $from: 'input' }], b: { $join: [{ $from: 'steps.s.x' }] }, c: null };
    expect(referencesIn(value, 'with')).toEqual([
      { field: 'with.a.1', reference: { to: 'input', path: [] } },
      { field: 'with.b.$join.0', reference: { to: 'step', step: 's', path: ['x'] } },
    ]);
    expect(computedFields(value)).toEqual([['a', '1'], ['b']]);
  });
});
