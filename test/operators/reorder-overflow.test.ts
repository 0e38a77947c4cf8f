import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { reorder, type ReorderOptions } from '../../operators/index.js';
import { alphabet, expectPicture, gap, type Item, item, listen, streamError } from './alphabet.js';
import { naiveOrder } from './naive-order.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => alphabet[letter]!) as [Item, Item, Item, Item];

/** Items of some bytes each. */
function sized(seq: number, size: number): Item & { size: number } {
  return { ...item(seq), size };
}

/** What comes out of these items, errors included. */
function outcome(items: Iterable<unknown>, options?: ReorderOptions<Item>): unknown[] {
  const seen: unknown[] = [];
  from(items as Iterable<Item>)
    .pipe(reorder(options))
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  return seen;
}

describe('reorder on overflow', () => {
  it('ends with an error that says what it waited for', () =>
    expectPicture(reorder({ window: 2 }), {
      source: '      -b-c---d|',
      subscription: '^--!',
      result: '      ---#',
      error: streamError('overflow', 'reorder: more than a window of 2 would wait for chunk 0'),
    }));

  it('names number and stream in the error', () => {
    const [error] = outcome([item(2)], { window: 2 });
    expect(error).toMatchObject({ details: { operator: 'reorder', streamId: 's', seq: 0 } });
    const [unnamed] = outcome([{ seq: 2 }], { window: 2 });
    expect((unnamed as { details: unknown }).details).toEqual({ operator: 'reorder', seq: 0 });
  });

  it('gives up just enough when it may skip', () => {
    const { probe, heard } = listen('reorder');
    expectPicture(reorder({ window: 2, onOverflow: 'skip', probe }), {
      source: '      -b-c---d|',
      subscription: '^-------!',
      result: '      ---(bc)d|',
      gaps: '        ---G----|',
      values: { G: gap(0, 1, 'dropped') },
    });
    expect(heard.slice(0, 1)).toEqual([{ type: 'gap', from: 0, to: 1, reason: 'dropped' }]);
  });

  it('skips over nothing but holes', () => {
    expect(outcome([item(9)], { window: 2, onOverflow: 'skip' })).toEqual([
      gap(0, 8, 'dropped'),
      gap(8, 9, 'dropped'),
      item(9),
    ]);
  });

  it('skips what is missing between gaps that were announced', () => {
    const { probe, heard } = listen('reorder');
    expect(outcome([gap(2, 4), item(1), item(9)], { window: 3, onOverflow: 'skip', probe })).toEqual([
      gap(0, 1, 'dropped'),
      item(1),
      gap(2, 4),
      gap(4, 7, 'dropped'),
      gap(7, 9, 'dropped'),
      item(9),
    ]);
    outcome([gap(2, 4), item(9)], { window: 3, onOverflow: 'skip', probe });
    expect(heard.map((event) => Object.values(event as object).slice(1, 3))).toEqual([
      [0, 1],
      [4, 7],
      [7, 9],
      [0, 2],
      [4, 7],
      [7, 9],
    ]);
  });

  it('skips any number of holes without growing the stack', () => {
    const odd = Array.from({ length: 50_000 }, (_, n) => item(2 * n + 1));
    const seen = outcome([...odd, item(250_000)], { window: 100_000, onOverflow: 'skip' });
    expect(seen.slice(0, 100_000)).toEqual(naiveOrder(odd));
  });

  it('goes on without the chunk that it had to drop, and says so at its place', () => {
    const { probe, heard } = listen('reorder');
    // The design's picture ends without a gap: there, the chunk dropped would be waited for by whoever comes behind it.
    expectPicture(reorder({ window: 2, onOverflow: 'drop', probe }), {
      source: '      -b-c-a----d|',
      subscription: '^----------!',
      result: '      -----(ab)-d|',
      gaps: '        -----G-----|',
      values: { G: gap(2, 3, 'dropped') },
    });
    expect(heard.slice(0, 1)).toEqual([{ type: 'dropped', value: c }]);
  });

  it('takes a chunk it had to drop when it comes again in time', () => {
    expect(outcome([b, c, a, c], { window: 2, onOverflow: 'drop' })).toEqual([a, b, gap(2, 3, 'dropped')]);
    expect(outcome([d, c, gap(0, 2), d], { window: 3, onOverflow: 'drop' })).toEqual([
      gap(0, 2),
      c,
      gap(3, 4, 'dropped'),
    ]);
    expect(outcome([d, b, d, a, c], { window: 3, onOverflow: 'drop' })).toEqual([a, b, c, gap(3, 4, 'dropped')]);
  });

  it('bounds the gaps that are announced ahead of their place', () => {
    const gaps = [2, 4, 6].map((seq) => gap(seq, seq + 1));
    expect(outcome(gaps, { window: 3, onComplete: 'discard' })).toEqual([]);
    expect(outcome([...gaps, gap(8, 9)], { window: 3 })).toEqual([
      streamError('overflow', 'more than 3 announced gaps would wait for chunk 0'),
    ]);
  });

  it('bounds the bytes it holds', () => {
    expect(outcome([sized(0, 99), sized(2, 5), sized(3, 6), sized(1, 99)], { maxBytes: 10 })).toEqual([
      sized(0, 99),
      streamError('overflow', 'more than 10 bytes would wait for chunk 1'),
    ]);
  });

  it('counts bytes as long as they are held', () => {
    const items = [sized(1, 10), sized(0, 99), sized(3, 10), sized(2, 0)];
    expect(outcome(items, { maxBytes: 10 })).toEqual(naiveOrder(items));
  });

  it('gives up holes until the bytes fit when it may skip', () => {
    const options = { maxBytes: 10, onOverflow: 'skip' } as const;
    expect(outcome([sized(2, 5), sized(5, 5), sized(7, 1)], options).slice(0, 2)).toEqual([
      gap(0, 2, 'dropped'),
      sized(2, 5),
    ]);
    // It comes before what is held: all of the hole before it is given up, and nothing behind it.
    expect(outcome([sized(5, 10), sized(3, 1), item(4)], options)).toEqual([
      gap(0, 3, 'dropped'),
      sized(3, 1),
      item(4),
      sized(5, 10),
    ]);
    expect(outcome([sized(5, 11)], options)).toEqual([gap(0, 5, 'dropped'), sized(5, 11)]);
  });

  it('takes the bytes of an item from where it is told to', () => {
    expect(outcome([b], { maxBytes: 10, size: () => 11 })).toEqual([streamError('overflow', 'more than 10 bytes')]);
    expect(outcome([{ ...b, size: 'large' }, a], { maxBytes: 1 })).toEqual([a, { ...b, size: 'large' }]);
  });

  it('asks for the bytes of those that must wait only', () => {
    const asked: number[] = [];
    const size = ({ seq }: Item): number => asked.push(seq);
    expect(outcome([a, a, c, c, b, c], { size })).toEqual([a, b, c]);
    expect(asked).toEqual([2]);
  });

  it.each([-1, NaN, '7' as unknown as number])('fails on %s as a number of bytes', (bytes) => {
    expect(outcome([b], { size: () => bytes })).toEqual([
      streamError('chunk-invalid', 'reorder: size must be a whole number of at least 0'),
    ]);
  });
});
