import { describe, expect, it } from 'vitest';
import { chartWidth, drawChart } from '../../../src/testing/simulate/chart.js';

const rows = [
  {
    label: 'writes',
    cells: [
      { at: 0, text: '(ab)' },
      { at: 700, text: 'c' },
    ],
  },
  {
    label: 'gets',
    cells: [
      { at: 3, text: 'a' },
      { at: 3.9, text: 'b' },
      { at: 40, text: 'd' },
    ],
  },
];

describe('drawChart', () => {
  it('draws a line for each row, and the same instant below each other', () => {
    expect(drawChart(rows, 160)).toEqual([
      'ms       0    3   40   700',
      'writes  -(ab)----------c',
      'gets    ------ab--d-----',
    ]);
  });

  it('makes silence longer the longer it lasts, and never long', () => {
    const gap = (ms: number) =>
      chartWidth([
        {
          label: '',
          cells: [
            { at: 0, text: 'a' },
            { at: ms, text: 'b' },
          ],
        },
      ]) - 3;
    expect([1, 5, 6, 50, 51, 500, 501, 1e9].map(gap)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('leaves out the oldest when the width is too small', () => {
    const lines = drawChart(rows, 20);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
    expect(lines[1]).toContain('c');
    expect(lines[1]).not.toContain('(ab)');
  });

  it('draws the last instant even where there is no room at all', () => {
    expect(drawChart(rows, 1).at(1)).toContain('c');
  });

  it('writes no time over another', () => {
    const cells = Array.from({ length: 8 }, (_, i) => ({ at: 1000 + i, text: 'a' }));
    expect(drawChart([{ label: 'x', cells }], 80)[0]).toBe('ms   1000  1003  1006');
  });
});
