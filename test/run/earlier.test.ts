import { describe, expect, it } from 'vitest';
import { Earlier } from '../../src/run/earlier.js';

describe('earlier', () => {
  it('knows within a part what is known around it, and not the other way', () => {
    const outer = Earlier.of('asked');
    outer.add('a', undefined);
    const item = outer.within({ value: 'x', index: 1 });
    const inner = item.within();
    inner.add('b', 2);
    expect([inner.input, inner.output('b'), inner.output('a'), inner.item]).toEqual([
      'asked',
      2,
      undefined,
      { value: 'x', index: 1 },
    ]);
    expect([item.output('b'), outer.item]).toEqual([undefined, undefined]);
  });
});
