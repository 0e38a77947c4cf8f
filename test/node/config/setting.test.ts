import { choice, flag, list, shaped, text, whole } from '../../../src/node/config/setting.js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

describe('setting', () => {
  it.each([
    ['a text', text('here', 'where'), 'there', 'here'],
    ['a number', whole(5, 'how many'), 7, 5],
    ['a number without a bound', whole(Infinity, 'how many', { infinite: true }), Infinity, Infinity],
    ['a flag', flag(false, 'whether'), true, false],
    ['one of a few words', choice(['red', 'blue'], 'red', 'which'), 'blue', 'red'],
    ['a list', list('which ones'), ['a', 'b'], []],
    ['a shape', shaped(z.strictObject({ a: z.number() }), { a: 1 }, 'what', { values: 'an a' }), { a: 2 }, { a: 1 }],
  ])('%s is what it is said to be, or its default', (_, schema: z.ZodType, value, fallback) => {
    expect([schema.parse(value), schema.parse(undefined)]).toEqual([value, fallback]);
  });

  it('without a default it may be left out', () => {
    expect([text(undefined, 'a').parse(undefined), whole(undefined, 'b').parse(undefined)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    [text('here', 'where'), '', 'must be a text'],
    [whole(5, 'how many'), 0, 'must be a whole number, 1 or more'],
    [whole(5, 'how many', { max: 9 }), 9.5, 'must be a whole number, 1 to 9'],
    [whole(5, 'how many'), Infinity, 'must be a whole number, 1 or more'],
    [whole(5, 'how many', { infinite: true }), 'many', 'must be a whole number, 1 or more, or Infinity'],
    [whole(5, 'how many', { infinite: true }), 0, 'must be a whole number, 1 or more, or Infinity'],
    [flag(false, 'whether'), 'yes', 'must be true or false'],
    [choice(['red', 'blue'], 'red', 'which'), 'green', 'must be one of red, blue'],
    [list('which ones'), 'a', 'must be a list of texts'],
    [list('which ones'), [1], 'must be a list of texts'],
  ])('refuses what it must not be, and says what it must be', (schema: z.ZodType, value, message) => {
    expect(schema.safeParse(value).error?.issues[0]?.message).toBe(message);
  });
});
