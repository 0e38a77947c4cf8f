import { describe, expect, it } from 'vitest';
import { visibleRows } from '../../src/monitor/visible-rows.js';

describe('visibleRows', () => {
  it.each([
    ['the first', 0, 100, { from: 0, to: 13 }],
    ['those in the middle', 1000, 100, { from: 42, to: 63 }],
    ['the last', 1900, 100, { from: 87, to: 100 }],
    ['none beyond the end', 9000, 100, { from: 100, to: 100 }],
  ])('are %s, and a few beside them', (_, scrollTop, count, rows) => {
    expect(visibleRows(scrollTop, 100, 20, count)).toEqual(rows);
  });

  it('are none of none', () => expect(visibleRows(0, 100, 20, 0)).toEqual({ from: 0, to: 0 }));
});
