import fc from 'fast-check';
import { from, pipe, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { detectGaps, type DetectGapsOptions, HoleClosed, HoleOpened } from '../../operators/index.js';
import { Gap, type Notice } from '../../src/chunk/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { end, expectPicture, gap, item, type Item, listen, mark, streamError } from './alphabet.js';

type Shown = Item | HoleOpened | HoleClosed;

const opened = (first: number, to: number) => new HoleOpened('s', first, to);
const closed = (first: number, to: number, lost = 0) => new HoleClosed('s', first, to, lost);

describe('detectGaps', () => {
  it('lets what is in order pass, and what came before', () =>
    expectPicture(detectGaps(), {
      source: '      -a-b-b-a-c|',
      subscription: '^---------!',
      result: '      -a-b-b-a-c|',
    }));

  it('announces a hole before the item that reveals it, and when it is filled', () =>
    expectPicture(detectGaps(), {
      source: '      -a-c---b---d|',
      subscription: '^-----------!',
      result: '      -a-(Oc)(bC)d|',
      values: { O: opened(1, 2), C: closed(1, 2) },
    }));

  it('announces it once, however it is filled', () =>
    expectPicture(detectGaps(), {
      source: '      -e----c-c-b-d-f-a---|',
      subscription: '^-------------------!',
      result: '      -(Oe)-c-c-b-d-f-(aC)|',
      values: { O: opened(0, 4), C: closed(0, 4) },
    }));

  it('keeps holes apart, and closes them as they are filled', () =>
    expectPicture(detectGaps(), {
      source: '      b---d---c---a---|',
      subscription: '^---------------!',
      result: '      (Ob)(Pd)(cD)(aC)|',
      values: { O: opened(0, 1), P: opened(2, 3), C: closed(0, 1), D: closed(2, 3) },
    }));

  it('says of what is open at the end that it is lost', () =>
    expectPicture(detectGaps(), {
      source: '      b---e---c|',
      subscription: '^--------!',
      result: '      (Ob)(Pe)c(CD|)',
      values: { O: opened(0, 1), P: opened(2, 4), C: closed(0, 1, 1), D: closed(2, 4, 1) },
    }));

  it('passes an error on at once', () =>
    expectPicture(detectGaps(), {
      source: '      b---#',
      subscription: '^---!',
      result: '      (Ob)#',
      values: { O: opened(0, 1) },
    }));

  it('starts where it is told to', () =>
    expectPicture(detectGaps({ start: 2 }), {
      source: '      a-d---|',
      subscription: '^-----!',
      result: '      a-(Od)(C|)',
      values: { O: opened(2, 3), C: closed(2, 3, 1) },
    }));

  it('starts with the first to arrive when told to', () =>
    expectPicture(detectGaps({ start: 'first' }), {
      source: '      d-c-f---|',
      subscription: '^-------!',
      result: '      d-c-(Of)(C|)',
      values: { O: opened(4, 5), C: closed(4, 5, 1) },
    }));

  it('stops where its consumer has enough, also at the end', () => {
    expectPicture(pipe(detectGaps<Item>(), take(1)), {
      source: '      -b---c|',
      subscription: '^!',
      result: '      -(O|)',
      values: { O: opened(0, 1) },
    });
    expectPicture(pipe(detectGaps<Item>(), take(3)), {
      source: '      -b---|',
      subscription: '^----!',
      result: '      -(Ob)(C|)',
      values: { O: opened(0, 1), C: closed(0, 1, 1) },
    });
  });

  it.each([
    ['before it has started', 'first'],
    ['when it should be the next', 0],
  ] as const)('fails on a number that is none, %s', (_, start) =>
    expectPicture(detectGaps<Item>({ start, seq: () => -1 }), {
      source: '      -a-',
      subscription: '^!',
      result: '      -#',
      error: streamError('chunk-invalid', 'detectGaps: seq must be a whole number'),
    }),
  );

  it('goes by the numbers it is shown', () =>
    expectPicture(detectGaps<Item>({ seq: ({ seq }) => seq * 2 }), {
      source: '      a-b---|',
      subscription: '^-----!',
      result: '      a-(Ob)(C|)',
      values: { O: opened(1, 2), C: closed(1, 2, 1) },
    }));

  describe('on notices', () => {
    it('takes an end and a mark for word of all chunks before them', () =>
      expectPicture(detectGaps(), {
        source: '      a-M---M-E---b---|',
        subscription: '^---------------!',
        result: '      a-(OM)M-(PE)(bC)(D|)',
        values: { M: mark(2), O: opened(1, 2), E: end(3), P: opened(2, 3), C: closed(1, 2), D: closed(2, 3, 1) },
      }));

    it('closes a hole when a gap gives it up, as far as the gap goes', () =>
      expectPicture(detectGaps(), {
        source: '      b---f---G---c---|',
        subscription: '^---------------!',
        result: '      (Ob)(Pf)(GC)c---(D|)',
        values: { O: opened(0, 1), P: opened(2, 5), G: gap(0, 4), C: closed(0, 1, 1), D: closed(2, 5, 3) },
      }));

    it('does not take for missing what a gap has given up, and takes for missing what is before it', () =>
      expectPicture(detectGaps({ start: 'first' }), {
        source: '      G-d-H---i---|',
        subscription: '^-----------!',
        result: '      G-d-(OH)i---(C|)',
        values: { G: gap(0, 3), H: gap(6, 8), O: opened(4, 6), C: closed(4, 6, 2) },
      }));

    it('takes an item with a kind of its own for an item', () => {
      const kinds = [0, 1].map((seq) => ({ seq, kind: 'gap' }));
      const seen: unknown[] = [];
      from(kinds)
        .pipe(detectGaps())
        .subscribe((value) => seen.push(value));
      expect(seen).toEqual(kinds);
    });
  });

  describe('with more ranges missing than it watches', () => {
    it('closes the oldest hole as lost', () =>
      expectPicture(detectGaps({ maxRanges: 1 }), {
        source: '      b---d----a-c---|',
        subscription: '^--------------!',
        result: '      (Ob)(PCd)a-(cD)|',
        values: { O: opened(0, 1), P: opened(2, 3), C: closed(0, 1, 1), D: closed(2, 3) },
      }));

    it('does so too when a hole falls apart', () =>
      expectPicture(detectGaps({ maxRanges: 2 }), {
        source: '      f---b-d---c---|',
        subscription: '^-------------!',
        result: '      (Of)b-(dC)c---|',
        values: { O: opened(0, 5), C: closed(0, 5, 3) },
      }));
  });

  it('reports holes and repairs', () => {
    const { probe, heard } = listen('detectGaps');
    from([0, 3, 1, 1].map(item)).pipe(detectGaps({ probe })).subscribe();
    expect(heard).toEqual([
      { type: 'hole', from: 1, to: 3 },
      { type: 'repaired', seq: 1 },
    ]);
  });

  it.each([
    [{ start: -1 }, new RangeError('start must be a whole number of at least 0, got -1')],
    [{ start: 'last' }, new TypeError('start must be a number, got a string')],
    [{ maxRanges: 0 }, new RangeError('maxRanges must be a whole number of at least 1, got 0')],
  ])('refuses %o', (options, error) => {
    expect(() => detectGaps(options as DetectGapsOptions<Item>)).toThrow(error);
  });

  describe('in order', () => {
    operatorLaws<Item, Shown>('detectGaps', (probe) => detectGaps<Item>({ probe }), {
      item,
      holds: 0,
      throwing: { seq: (boom) => detectGaps<Item>({ seq: boom }) },
    });
  });

  describe('out of order', () => {
    /** Pairs that have changed places: each shows a hole and fills it. */
    const swapped = (items: readonly Item[]): Shown[] =>
      items.flatMap((each, n): Shown[] =>
        n % 2 === 0 ? [opened(each.seq - 1, each.seq), each] : [each, closed(each.seq, each.seq + 1)],
      );
    operatorLaws<Item, Shown>('detectGaps', (probe) => detectGaps<Item>({ probe }), {
      item: (n) => item(n ^ 1),
      expected: (items) => {
        const shown = swapped(items);
        const last = items.at(-1)?.seq ?? 0;
        return items.length % 2 === 0 ? shown : [...shown, closed(last - 1, last, 1)];
      },
      firehose: 2,
      // All items come at once; what is closed at the end comes with completion.
      delayed: true,
    });
  });

  describe('beside the plainest program', () => {
    const numbers = (first: number, to: number) => Array.from({ length: to - first }, (_, n) => first + n);

    /** The same, number by number. */
    function naively(items: readonly (Item | Notice)[]): unknown[] {
      const shown: unknown[] = [];
      const fate = new Map<number, 'came' | 'lost'>();
      let open: [first: number, to: number][] = [];
      let exists = 0;
      const close = ([first, to]: [number, number]) =>
        shown.push(closed(first, to, numbers(first, to).filter((n) => fate.get(n) !== 'came').length));
      for (const each of items) {
        const [first, to] =
          each instanceof Gap ? [each.from, each.to] : [each.seq, 'kind' in each ? each.seq : each.seq + 1];
        if (first > exists) {
          open.push([exists, first]);
          shown.push(opened(exists, first));
        }
        exists = Math.max(exists, to);
        for (const n of numbers(first, to)) if (!fate.has(n)) fate.set(n, each instanceof Gap ? 'lost' : 'came');
        shown.push(each);
        const isOpen = (hole: [number, number]) => numbers(...hole).some((n) => !fate.has(n));
        open.filter((hole) => !isOpen(hole)).forEach(close);
        open = open.filter(isOpen);
      }
      open.forEach(close);
      return shown;
    }

    it('shows the same', () => {
      const seq = fc.nat({ max: 40 });
      const notice = fc.oneof(
        fc.tuple(seq, fc.integer({ min: 1, max: 6 })).map(([first, length]) => gap(first, first + length)),
        seq.map((n) => mark(n)),
        seq.map((n) => end(n)),
      );
      const items = fc.array(fc.oneof({ weight: 4, arbitrary: seq.map(item) }, { weight: 1, arbitrary: notice }));
      fc.assert(
        fc.property(items, (some: (Item | Notice)[]) => {
          const seen: unknown[] = [];
          from(some)
            .pipe(detectGaps())
            .subscribe((value) => seen.push(value));
          expect(seen).toEqual(naively(some));
        }),
        { numRuns: 500 },
      );
    });
  });

  it('keeps order when its consumer feeds it', () => {
    const source = new Subject<Item>();
    const seen: unknown[] = [];
    source.pipe(detectGaps()).subscribe((value) => {
      seen.push(value);
      if (value instanceof HoleOpened) for (const seq of [3, 0, 1]) source.next(item(seq));
    });
    source.next(item(2));
    expect(seen).toEqual([opened(0, 2), item(2), item(3), item(0), item(1), closed(0, 2)]);
  });
});
