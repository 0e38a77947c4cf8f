import { describe, expect, it } from 'vitest';
import { weightOf } from '../../src/run/weight.js';

describe('weight', () => {
  it.each<[unknown, number]>([
    ['abc', 3],
    ['é', 2],
    [new Uint8Array(5), 5],
    [new Float64Array(5), 40],
    [7, 8],
    [null, 8],
    [undefined, 8],
    [() => {}, 8],
    [[], 2],
    [['ab', 1], 2 + 5 + 2 + 5 + 8],
    [{ key: 'value' }, 2 + 7 + 5],
  ])('of %j is about its bytes', (value, weight) => {
    expect(weightOf(value, 1e6)).toBe(weight);
  });

  it('is near to the JSON of what is large', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ id: i, name: `row ${i}`, tags: ['a', 'b'] }));
    const ratio = weightOf(rows, Infinity) / JSON.stringify(rows).length;
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.7);
  });

  it('looks no further than it must', () => {
    expect(weightOf(['x'.repeat(2000), 'x'.repeat(2000)], 1000)).toBeLessThan(3000);
  });

  it('has an end where a value holds itself', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(weightOf(self, 1e9)).toBeLessThan(2000);
    const twice: Record<string, unknown> = {};
    twice['a'] = twice;
    twice['b'] = twice;
    expect(weightOf(twice, 10_000)).toBeGreaterThan(10_000);
  });
});
