import { describe, expect, it } from 'vitest';
import { bytesOf, outcomeOf, valueOf } from '../../src/run/outcome.js';

describe('outcome', () => {
  it.each<[unknown, unknown]>([
    [undefined, {}],
    [null, { output: null }],
    [{ a: [1] }, { output: { a: [1] } }],
    [Uint8Array.of(1, 2), { output: 'AQI=', encoding: 'base64' }],
  ])('of %j comes back from an event', (value, told) => {
    const outcome = outcomeOf(value, 1000);
    expect(outcome).toEqual(told);
    expect(valueOf(outcome)).toEqual(value);
  });

  it.each<[string, unknown]>([
    ['no JSON', new Map()],
    ['JSON with a hole', { a: undefined }],
    ['more than an event may hold', 'x'.repeat(1001)],
  ])('is lost where it is %s', (_, value) => {
    expect(outcomeOf(value, 1000)).toEqual({ lost: true });
  });

  it('of what says it is bytes and is not, is none', () => {
    expect(bytesOf('?')).toEqual(new Uint8Array());
  });
});
