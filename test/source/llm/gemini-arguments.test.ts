import { describe, expect, it } from 'vitest';
import { GeminiArguments } from '../../../src/source/llm/gemini-arguments.js';

function made(...parts: readonly object[]): unknown {
  const input = new GeminiArguments();
  for (const part of parts) input.add(part as never);
  return JSON.parse(JSON.stringify(input.value)) as unknown;
}

describe('GeminiArguments', () => {
  it('puts values where their paths say, and texts together', () => {
    const value = made(
      { jsonPath: '$.city', stringValue: 'Flor', willContinue: true },
      { jsonPath: '$.city', stringValue: 'ence' },
      { jsonPath: '$.days', numberValue: 3 },
      { jsonPath: '$.rain', boolValue: false },
      { jsonPath: '$.next', nullValue: 'NULL_VALUE' },
      { jsonPath: "$['a b'].c", stringValue: 'd' },
      { jsonPath: '$["e"]', stringValue: 'f' },
    );
    expect(value).toEqual({ city: 'Florence', days: 3, rain: false, next: null, 'a b': { c: 'd' }, e: 'f' });
  });

  it('makes lists of what is counted', () => {
    const value = made(
      { jsonPath: '$.list[1].name', stringValue: 'b' },
      { jsonPath: '$.list[0]', numberValue: 1 },
      { jsonPath: '$.deep[0][1]', numberValue: 2 },
    );
    expect(value).toEqual({ list: [1, { name: 'b' }], deep: [[null, 2]] });
  });

  it('takes no name for more than a name, and no part without a path', () => {
    expect(JSON.stringify(made({ jsonPath: '$.__proto__.x', numberValue: 1 }))).toBe('{"__proto__":{"x":1}}');
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    expect(made({ stringValue: 'a' }, { jsonPath: '$.b' })).toEqual({});
  });
});
