import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GapList } from '../../operators/gap-list.js';
import type { Gap } from '../../src/chunk/index.js';
import { gap } from './alphabet.js';

function takeAll(list: GapList): Gap[] {
  return Array.from({ length: list.length }, () => list.take(Infinity)!);
}

describe('gap list', () => {
  it('keeps gaps in order, whatever order they are announced in', () => {
    const list = new GapList();
    for (const from of [6, 0, 3]) list.add(gap(from, from + 1));
    expect(takeAll(list)).toEqual([gap(0, 1), gap(3, 4), gap(6, 7)]);
  });

  it('hands out the very gap that was announced', () => {
    const list = new GapList();
    const announced = gap(3, 5);
    list.add(announced);
    expect(list.first).toBe(announced);
    expect(list.take(5)).toBe(announced);
    expect(list.take(5)).toBeUndefined();
  });

  it('lets the first say why, where two say the same', () => {
    const list = new GapList();
    list.add(gap(2, 4, 'timeout'));
    list.add(gap(6, 7, 'timeout'));
    list.add(gap(0, 8, 'trimmed'));
    expect(takeAll(list)).toEqual([
      gap(0, 2, 'trimmed'),
      gap(2, 4, 'timeout'),
      gap(4, 6, 'trimmed'),
      gap(6, 7, 'timeout'),
      gap(7, 8, 'trimmed'),
    ]);
  });

  it('joins neighbours with the same reason', () => {
    const list = new GapList();
    for (const from of [4, 2, 3, 9]) list.add(gap(from, from + 1));
    list.add(gap(5, 6, 'dropped'));
    expect(takeAll(list)).toEqual([gap(2, 5), gap(5, 6, 'dropped'), gap(9, 10)]);
  });

  it('gives out a gap in parts', () => {
    const list = new GapList();
    list.add(gap(0, 5));
    expect(list.take(2)).toEqual(gap(0, 2));
    list.trim(3);
    expect(list.first).toEqual(gap(3, 5));
    list.trim(9);
    expect([list.length, list.first]).toEqual([0, undefined]);
  });

  it('is empty after clear', () => {
    const list = new GapList();
    list.add(gap(0, 5));
    list.clear();
    expect(list.length).toBe(0);
  });

  it('agrees with a reason for each number', () => {
    const announcement = fc.tuple(
      fc.nat({ max: 30 }),
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom('timeout' as const, 'dropped' as const),
    );
    fc.assert(
      fc.property(fc.array(announcement), (announcements) => {
        const list = new GapList();
        const reasons = new Map<number, string>();
        for (const [from, length, reason] of announcements) {
          list.add(gap(from, from + length, reason));
          for (let n = from; n < from + length; n++) if (!reasons.has(n)) reasons.set(n, reason);
        }
        const said = takeAll(list).flatMap(({ from, to, reason }) =>
          Array.from({ length: to - from }, (_, i) => [from + i, reason]),
        );
        expect(said).toEqual([...reasons].sort(([a], [b]) => a - b));
      }),
    );
  });
});
