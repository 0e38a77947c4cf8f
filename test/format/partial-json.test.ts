import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPartialJson } from '../../src/format/partial-json.js';
import { cuts, pieces } from './pieces.js';

/** What is certain of these pieces. */
function read(...texts: readonly string[]): { readonly state: string; readonly value: unknown } {
  const json = createPartialJson();
  for (const text of texts) json.push(text);
  return { state: json.state, value: json.value };
}

describe('createPartialJson', () => {
  it.each<[string, unknown]>([
    ['', undefined],
    [' ', undefined],
    ['{', {}],
    ['{"ci', {}],
    ['{"city"', {}],
    ['{"city":', {}],
    ['{"city":"', { city: '' }],
    ['{"city":"Flor', { city: 'Flor' }],
    ['{"city":"Flor\\', { city: 'Flor' }],
    ['{"city":"Flor\\u00', { city: 'Flor' }],
    ['{"city":"Flor\\u00e9', { city: 'Floré' }],
    ['{"city":"F","days":1', { city: 'F' }],
    ['{"city":"F","days":12,', { city: 'F', days: 12 }],
    ['{"ok":tru', {}],
    ['{"ok":true ', { ok: true }],
    ['[1,2', [1]],
    ['["a","b', ['a', 'b']],
    ['[{"a":[', [{ a: [] }]],
    ['"abc', 'abc'],
    ['12', undefined],
  ])('knows of %s what is certain', (text, value) => {
    expect(read(text)).toEqual({ state: 'partial', value });
    expect(read(...text)).toEqual({ state: 'partial', value });
  });

  it('reads any JSON as JSON.parse does, cut anywhere', () => {
    fc.assert(
      fc.property(fc.json(), cuts, (text, at) => {
        const value = JSON.parse(text) as unknown;
        const { state, value: got } = read(...pieces(text, at), ' ');
        expect(state).toBe('complete');
        expect(JSON.stringify(got)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('only ever shows the beginning of texts that are there', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, cut) => {
        const whole = JSON.stringify({ text });
        const { value } = read(whole.slice(0, cut % whole.length));
        const shown = (value as { text?: string } | undefined)?.text ?? '';
        expect(text.startsWith(shown)).toBe(true);
      }),
    );
  });

  it.each([
    '}',
    ']',
    ',',
    ':',
    '{]',
    '[}',
    '{,',
    '[,',
    '[1,]',
    '[1,,',
    '{"a" 1',
    '{"a":}',
    '{"a":1,}',
    '{1',
    '{"a":1 2',
    '[1 2',
    'tru ',
    '01 ',
    '1. ',
    '-',
    '"a\u0001',
    '"\\x',
    '"\\u00g',
    '{}{',
    '{}1',
    '1 1',
    'nul]',
    "'",
    '{"a":"b"x',
  ])('says that %j is not JSON', (text) => {
    expect(read(`${text} `).state).toBe('invalid');
  });

  it('takes nothing behind a mistake, and keeps what was certain', () => {
    expect(read('{"a":"b"', 'x', ',"c":1}')).toEqual({ state: 'invalid', value: { a: 'b' } });
  });

  it('has a bound for what is within each other, and for words', () => {
    const json = createPartialJson({ maxDepth: 2 });
    json.push('[[');
    expect(json.state).toBe('partial');
    json.push('[');
    expect(json.state).toBe('invalid');
    expect(read('1'.repeat(401)).state).toBe('invalid');
    expect(() => createPartialJson({ maxDepth: 0 })).toThrow(RangeError);
  });

  it('takes no name for more than a name', () => {
    const { value } = read('{"__proto__":{"x":1},"__proto__":"abc"}');
    expect(JSON.stringify(value)).toBe('{"__proto__":"abc"}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});
