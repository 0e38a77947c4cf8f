import { describe, expect, it } from 'vitest';
import { readMarbles } from '../../../scripts/docs/marbles.js';

describe('readMarbles', () => {
  it('reads what happens when, line by line', () => {
    const { lines } = readMarbles(['source     -b-a---c|', 'reorder()  ---(ab)c|']);
    expect(lines).toEqual([
      {
        label: 'source',
        from: 0,
        to: 8,
        moments: [
          { at: 1, signs: ['b'] },
          { at: 3, signs: ['a'] },
          { at: 7, signs: ['c'] },
          { at: 8, signs: ['|'] },
        ],
      },
      {
        label: 'reorder()',
        from: 0,
        to: 8,
        moments: [
          { at: 3, signs: ['a', 'b'] },
          { at: 7, signs: ['c'] },
          { at: 8, signs: ['|'] },
        ],
      },
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
      { label: 'late', from: 0, to: 6, moments: [{ at: 2, signs: ['a'] }] },
    ]);
  });

  it('ends a line where a group ends it', () => {
    expect(readMarbles(['all  --(ab|)']).lines[0]).toMatchObject({
      to: 2,
      moments: [{ at: 2, signs: ['a', 'b', '|'] }],
    });
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
});
