import { describe, expect, it } from 'vitest';
import { fieldsOf, inChoice, known, listOf, numberOf, plain, textOf, wordOf } from '../../../src/source/llm/fields.js';

describe('fields', () => {
  const others = [undefined, null, 1, 'x', true, [], {}];

  it('takes what others wrote for what it is, and nothing else', () => {
    expect(others.map(textOf)).toEqual(['', '', '', 'x', '', '', '']);
    expect([...others, ''].map(wordOf)).toEqual([...Array<undefined>(3), 'x', ...Array<undefined>(4)]);
    expect([...others, NaN].map(numberOf)).toEqual([undefined, undefined, 1, ...Array<undefined>(5)]);
    expect(others.map((other) => Object.keys(fieldsOf(other)))).toEqual([[], [], [], [], [], [], []]);
    expect(fieldsOf({ a: 1 })['a']).toBe(1);
    expect(listOf('abc')).toEqual([]);
    expect(listOf([{ a: 1 }, null, 'x'])).toEqual([{ a: 1 }, {}, {}]);
  });

  it('makes JSON of what an SDK hands out', () => {
    class Usage {
      total = 1;
      none = undefined;
      name = 'a\ud800';
    }
    const made = plain(new Usage());
    expect(made).toEqual({ total: 1, name: 'a\ufffd' });
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(plain(undefined)).toBeNull();
    expect(plain({ 'a\ud800': ['\\ud800', '\\\ud800', '😀\udc00'] })).toEqual({
      'a\ufffd': ['\\ud800', '\\\ufffd', '😀\ufffd'],
    });
  });

  it('leaves out what is not known', () => {
    const fields = known<{ a?: number; b?: number }>({ a: 0, b: undefined });
    expect(Object.keys(fields)).toEqual(['a']);
  });

  it('says which choice it is of, but for the first', () => {
    expect(inChoice({ a: 1 }, 2)).toEqual({ a: 1, choice: 2 });
    expect(Object.keys(inChoice({ a: 1 }, 0))).toEqual(['a']);
  });
});
