import { describe, expect, it } from 'vitest';
import { type Moment, readMarbles } from 'sluice/marble';

/** When which letters stand on a line. */
const written = (moments: readonly Moment[]) =>
  moments.map(({ at, marbles }) => [at, marbles.map(({ letter }) => letter).join('')]);

describe('readMarbles', () => {
  it('reads what happens when, line by line', () => {
    const { lines } = readMarbles(['source     -b-a---c|', 'reorder()  ---(ab)c|']);
    expect(lines.map(({ label, from, to, moments }) => [label, from, to, written(moments)])).toEqual([
      [
        'source',
        0,
        8,
        [
          [1, 'b'],
          [3, 'a'],
          [7, 'c'],
          [8, '|'],
        ],
      ],
      [
        'reorder()',
        0,
        8,
        [
          [3, 'ab'],
          [7, 'c'],
          [8, '|'],
        ],
      ],
    ]);
  });

  it('keeps a call whole, whatever its arguments look like', () => {
    const { lines } = readMarbles(["throttle({ …, overflow: 'drop-newest' })  a-c-|"]);
    expect(lines.map(({ label, to }) => [label, to])).toEqual([["throttle({ …, overflow: 'drop-newest' })", 4]]);
  });

  it('has a line that stands further right begin later', () => {
    const { lines } = readMarbles(['first   -a-#', 'second      -b|', 'both    -a---b|']);
    expect(lines.map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [4, 6],
      [0, 6],
    ]);
  });

  it('has a line without an end go on to the last of its signs', () => {
    expect(readMarbles(['late  --a---']).lines).toEqual([
      { label: 'late', from: 0, to: 6, moments: [{ at: 2, marbles: [{ letter: 'a', kind: 'item' }] }] },
    ]);
  });

  it('ends a line where a group ends it', () => {
    const [line] = readMarbles(['all  --(ab|)']).lines;
    expect([line!.to, written(line!.moments)]).toEqual([2, [[2, 'ab|']]]);
  });

  it('reads what letters stand for, and other words', () => {
    const { notes } = readMarbles(["source  -x-y|   one may wait; x: ['a', b]  y: { ok: true, at: 1 }"]);
    expect(notes).toEqual([
      { label: 'source', letter: undefined, text: 'one may wait' },
      { label: 'source', letter: 'x', text: "['a', b]" },
      { label: 'source', letter: 'y', text: '{ ok: true, at: 1 }' },
    ]);
  });

  it('refuses a line without marbles', () => {
    expect(() => readMarbles(['source  -a|', 'nothing here'])).toThrow(new TypeError('"nothing here" has no marbles'));
  });

  it('reads times as RxJS does, wherever they stand', () => {
    const [line] = readMarbles(['source  -a 20ms b 1.5s (cd) 1m |   a: soon']).lines;
    expect(written(line!.moments)).toEqual([
      [1, 'a'],
      [22, 'b'],
      [1523, 'cd'],
      [61_527, '|'],
    ]);
  });

  it('tells ends, errors and gaps from items', () => {
    const kinds = (text: string) =>
      readMarbles([text]).lines.flatMap(({ moments }) =>
        moments.flatMap(({ marbles }) => marbles.map((one) => one.kind)),
      );
    expect(kinds('a  -a-G-x-|   x: 3 given up')).toEqual(['item', 'gap', 'gap', 'end']);
    expect(kinds('a  -x-#   x: not so')).toEqual(['item', 'error']);
  });

  it('refuses a group that never ends, and more than it is told to read', () => {
    expect(() => readMarbles(['a  -(ab-|'])).toThrow(new TypeError('a group in "-(ab-|" never ends'));
    expect(() => readMarbles(['a  -a|'], { maxLength: 5 })).toThrow(RangeError);
    expect(() => readMarbles(['a'], { maxLength: 0 })).toThrow('maxLength');
  });
});
