import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Holes } from '../../operators/holes.js';

function ranges(holes: Holes): [from: number, to: number][] {
  return holes.due(Infinity).map(({ from, to }) => [from, to]);
}

describe('holes', () => {
  it('closes a hole from its ends and splits it in its middle', () => {
    const holes = new Holes();
    holes.open({ from: 0, to: 6 }, 10);
    expect([0, 5, 3, 3, 9].map((seq) => holes.close({ from: seq, to: seq + 1 }))).toEqual([1, 1, 1, 0, 0]);
    expect(ranges(holes)).toEqual([
      [1, 3],
      [4, 5],
    ]);
    expect(holes.missing).toBe(3);
  });

  it('keeps when a hole is due and how often it was asked for when it is split', () => {
    const holes = new Holes();
    holes.open({ from: 0, to: 3 }, 10);
    for (const hole of holes.due(10)) hole.attempts = 2;
    holes.close({ from: 1, to: 2 });
    expect(holes.due(10)).toEqual([
      { from: 0, to: 1, dueAt: 10, attempts: 2 },
      { from: 2, to: 3, dueAt: 10, attempts: 2 },
    ]);
  });

  it('closes a range over several holes', () => {
    const holes = new Holes();
    for (const from of [0, 10, 20]) holes.open({ from, to: from + 5 }, 10);
    expect(holes.close({ from: 3, to: 22 })).toBe(9);
    expect(ranges(holes)).toEqual([
      [0, 3],
      [22, 25],
    ]);
  });

  it('tells whether anything of a range is missing', () => {
    const holes = new Holes();
    holes.open({ from: 2, to: 4 }, 10);
    const lacks = ([from, to]: [number, number]) => holes.lacks({ from, to });
    expect(
      (
        [
          [0, 3],
          [3, 9],
          [0, 9],
          [2, 3],
        ] as [number, number][]
      ).map(lacks),
    ).toEqual([true, true, true, true]);
    expect(
      (
        [
          [0, 2],
          [4, 9],
        ] as [number, number][]
      ).map(lacks),
    ).toEqual([false, false]);
  });

  it('tells what is due, and when the first will be', () => {
    const holes = new Holes();
    expect(holes.dueAt).toBe(Infinity);
    holes.open({ from: 0, to: 1 }, 20);
    holes.open({ from: 4, to: 6 }, 10);
    expect(holes.dueAt).toBe(10);
    expect(holes.due(9)).toEqual([]);
    expect(holes.due(10).map(({ from }) => from)).toEqual([4]);
  });

  it('takes out what is asked for', () => {
    const holes = new Holes();
    holes.open({ from: 0, to: 1 }, 10);
    holes.open({ from: 4, to: 6 }, 20);
    expect(holes.remove(({ dueAt }) => dueAt === 20).map(({ from, to }) => [from, to])).toEqual([[4, 6]]);
    expect([holes.length, holes.missing]).toEqual([1, 1]);
    holes.clear();
    expect([holes.length, holes.missing]).toEqual([0, 0]);
  });

  it('agrees with a set of numbers', () => {
    const range = fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 5 }))),
        fc.array(range),
        (open, shut) => {
          const holes = new Holes();
          const missing = new Set<number>();
          let top = 0;
          for (const [distance, length] of open) {
            const from = top + distance;
            top = from + length;
            holes.open({ from, to: top }, 0);
            for (let n = from; n < top; n++) missing.add(n);
          }
          for (const [from, length] of shut) {
            let closed = 0;
            for (let n = from; n < from + length; n++) closed += Number(missing.delete(n));
            expect(holes.close({ from, to: from + length })).toBe(closed);
            expect(holes.missing).toBe(missing.size);
            expect(ranges(holes).flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i))).toEqual([
              ...missing,
            ]);
          }
        },
      ),
    );
  });
});
