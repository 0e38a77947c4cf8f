import { describe, expect, it } from 'vitest';
import { Columns } from '../../src/marble/columns.js';
import { readMarbles } from 'sluice/marble';

const columns = (longPause: number, ...texts: string[]) => new Columns(readMarbles(texts).lines, longPause);

describe('Columns', () => {
  it('gives every frame a column where nothing is silent for long', () => {
    const short = columns(4, 'a  -a---b|');
    expect([0, 1, 5, 6].map((frame) => short.of(frame))).toEqual([0, 1, 5, 6]);
    expect(short.pauses).toEqual([]);
  });

  it('gives a long silence one column, and what lies in it too', () => {
    const long = columns(4, 'a  -a-----b 100ms c|');
    expect(long.pauses).toEqual([
      { from: 2, to: 7, column: 2, length: 5 },
      { from: 8, to: 108, column: 4, length: 100 },
    ]);
    expect([1, 2, 4, 6, 7, 50, 108, 109].map((frame) => long.of(frame))).toEqual([1, 2, 2, 2, 3, 4, 5, 6]);
  });

  it('breaks no silence that another line fills', () => {
    expect(columns(4, 'a  -a------b|', 'b  ----x----|').pauses).toEqual([]);
  });
});
