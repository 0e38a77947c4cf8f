import { describe, expect, it } from 'vitest';
import { growthOf, type Held } from '../../../scripts/soak/growth.js';

const mib = 1 << 20;
const held = (...pages: number[]): Held[] => pages.map((page) => ({ page: page * mib, nodes: 1000, server: 50 * mib }));

describe('growthOf', () => {
  it('finds what holds more and more', () => {
    expect(growthOf(held(10, 20, 30, 40, 50, 60, 70, 80, 90))).toEqual([`page from ${50 * mib} to ${80 * mib}`]);
    const server = held(10, 10, 10).map((one, i) => ({ ...one, server: (i + 1) * 50 * mib, nodes: 1000 * (i + 1) }));
    expect(growthOf(server)).toEqual(['nodes from 2000 to 3000', `server from ${100 * mib} to ${150 * mib}`]);
  });

  it('leaves what fills up at first, and garbage that comes and goes', () => {
    expect(growthOf(held(1, 50, 100, 101, 99, 103, 100, 104, 98))).toEqual([]);
    expect(growthOf(held(5, 5, 5, 5, 5, 5, 7, 7, 7))).toEqual([]);
  });

  it('says nothing of too little', () => expect(growthOf(held(1, 99))).toEqual([]));
});
