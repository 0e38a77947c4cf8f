import { from, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { reorder, type ReorderOptions } from '../../operators/index.js';
import { operate, Stage } from '../../operators/operate.js';
import type { Gap } from '../../src/chunk/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { alphabet, end, gap, type Item, item, listen, mark, expectPicture, streamError } from './alphabet.js';
import { naiveOrder } from './naive-order.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => alphabet[letter]!) as [Item, Item, Item, Item];

/** What comes out of these items, errors included. */
function outcome(items: Iterable<unknown>, options?: ReorderOptions<Item>): unknown[] {
  const seen: unknown[] = [];
  from(items as Iterable<Item>)
    .pipe(reorder(options))
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  return seen;
}

describe('reorder', () => {
  it('is transparent where all is in order', () =>
    expectPicture(reorder(), {
      source: '      -a-b-c|',
      subscription: '^-----!',
      result: '      -a-b-c|',
    }));

  it('holds an early chunk until the missing one arrives', () =>
    expectPicture(reorder(), {
      source: '      -b-a---c|',
      subscription: '^-------!',
      result: '      ---(ab)c|',
    }));

  it('holds several early chunks', () =>
    expectPicture(reorder(), {
      source: '      --c-b-a------|',
      subscription: '^------------!',
      result: '      ------(abc)--|',
    }));

  it('puts a burst in order', () =>
    expectPicture(reorder(), {
      source: '      (cba|)',
      subscription: '(^!)',
      result: '      (abc|)',
    }));

  it('starts where it is told to', () =>
    expectPicture(reorder({ start: 3 }), {
      source: '      -b-e-d---f|',
      subscription: '^---------!',
      result: '      -----(de)f|',
    }));

  it('starts with the first to arrive when told to', () =>
    expectPicture(reorder({ start: 'first' }), {
      source: '      -d-f-e----|',
      subscription: '^---------!',
      result: '      -d---(ef)-|',
    }));

  it('misses nothing of a source without items, wherever it starts', () => {
    for (const start of [0, 7, 'first'] as const) expect(outcome([], { start })).toEqual([]);
  });

  it('fails on a number that is none, also before it has started', () => {
    expect(outcome([a], { start: 'first', seq: () => -1 })).toEqual([
      streamError('chunk-invalid', 'reorder: seq must be a whole number'),
    ]);
  });

  it('discards what it holds when the source fails', () =>
    expectPicture(reorder(), {
      source: '      -b-c#',
      subscription: '^---!',
      result: '      ----#',
    }));

  it('lets the source go when unsubscribed', () =>
    expectPicture(reorder(), {
      source: '      -b-c--a---',
      consumer: '    ^---!',
      subscription: '^---!',
      result: '      -----',
    }));

  it('reads the number from anything', () => {
    expect(outcome('cab', { seq: (letter) => String(letter).charCodeAt(0) - 97 })).toEqual(['a', 'b', 'c']);
  });

  it('takes an item with a kind of its own for an item', () => {
    const kinds = [1, 0].map((seq) => ({ seq, kind: 'end' }));
    expect(outcome(kinds)).toEqual(kinds.toReversed());
  });

  describe('on what came before', () => {
    // The design calls the second one "late"; here that word is kept for chunks whose place was given up.
    it('drops and reports a chunk that was emitted', () => {
      const { probe, heard } = listen('reorder');
      expectPicture(reorder({ probe }), {
        source: '      -a-a-b|',
        subscription: '^-----!',
        result: '      -a---b|',
      });
      expect(heard.slice(0, 1)).toEqual([{ type: 'duplicate', seq: 0 }]);
    });

    it('drops and reports a chunk that is held', () => {
      const { probe, heard } = listen('reorder');
      expectPicture(reorder({ probe }), {
        source: '      -b-b-a----|',
        subscription: '^---------!',
        result: '      -----(ab)-|',
      });
      expect(heard.slice(0, 1)).toEqual([{ type: 'duplicate', seq: 1 }]);
    });

    it('drops and reports a chunk whose place was given up', () => {
      const { probe, heard } = listen('reorder');
      expect(outcome([gap(0, 2), c, a, b, c, d], { probe })).toEqual([gap(0, 2), c, d]);
      expect(heard).toEqual([
        { type: 'late', seq: 0 },
        { type: 'late', seq: 1 },
        { type: 'duplicate', seq: 2 },
      ]);
    });

    it('remembers the newest gaps only, to tell late from duplicate', () => {
      const { probe, heard } = listen('reorder');
      const gaps = Array.from({ length: 65 }, (_, n) => gap(n, n + 1));
      outcome([...gaps, item(0), item(1)], { probe });
      expect(heard).toEqual([
        { type: 'duplicate', seq: 0 },
        { type: 'late', seq: 1 },
      ]);
    });
  });

  describe('on completion', () => {
    it('emits what it holds, and gaps for what is missing', () => {
      const { probe, heard } = listen('reorder');
      expectPicture(reorder({ probe }), {
        source: '      -c-d|',
        subscription: '^---!',
        result: '      ----(cd|)',
        gaps: '        ----(G|)',
        values: { G: gap(0, 2, 'dropped') },
      });
      expect(heard.slice(0, 1)).toEqual([{ type: 'gap', from: 0, to: 2, reason: 'dropped' }]);
    });

    it('puts the gaps where the chunks are missing', () => {
      expect(outcome([item(5), gap(6, 8), c, end(10)])).toEqual([
        gap(0, 2, 'dropped'),
        c,
        gap(3, 5, 'dropped'),
        item(5),
        gap(6, 8),
        gap(8, 10, 'dropped'),
        end(10),
      ]);
    });

    it('knows what is missing at the tail from a mark', () => {
      expect(outcome([a, mark(3)])).toEqual([a, gap(1, 3, 'dropped')]);
    });

    it('stops emitting when the consumer has enough', () => {
      const seen: unknown[] = [];
      from([item(2), item(4)])
        .pipe(reorder(), take(2))
        .subscribe((value) => seen.push(value));
      expect(seen).toEqual([gap(0, 2, 'dropped'), c]);
    });

    it('ends with an error when asked to', () =>
      expectPicture(reorder({ onComplete: 'error' }), {
        source: '      -c-d|',
        subscription: '^---!',
        result: '      ----#',
        error: streamError('gap', 'reorder: chunks 0 to 1 of "s" did not come before the source completed'),
      }));

    it('completes where nothing is missing, also when asked for an error', () =>
      expectPicture(reorder({ onComplete: 'error' }), {
        source: '      -b-a---|',
        subscription: '^------!',
        result: '      ---(ab)|',
      }));

    it('lets go of what it holds when asked to', () => {
      const { probe, heard } = listen('reorder');
      expectPicture(reorder({ onComplete: 'discard', probe }), {
        source: '      -d-b|',
        subscription: '^---!',
        result: '      ----|',
      });
      expect(heard.slice(0, 2)).toEqual([
        { type: 'dropped', value: b },
        { type: 'dropped', value: d },
      ]);
    });
  });

  describe('on notices', () => {
    it('goes on behind a gap', () =>
      expectPicture(reorder(), {
        source: '      -b-c---G---d|',
        subscription: '^-----------!',
        result: '      -------(bc)d|',
        gaps: '        -------G----|',
        values: { G: gap(0, 1) },
      }));

    it('emits the chunks that arrived of a gap, and the gap for the rest', () => {
      expect(outcome([a, c, gap(0, 5), item(5)])).toEqual([a, gap(1, 2), c, gap(3, 5), item(5)]);
    });

    it('keeps a gap until its place, and fills it with what arrives meanwhile', () => {
      expect(outcome([gap(2, 4), d, a, b])).toEqual([a, b, gap(2, 3), d]);
      expect(outcome([gap(2, 4), c, d, a, b])).toEqual([a, b, c, d]);
    });

    it('swallows a gap whose chunks are all emitted', () => {
      expect(outcome([a, b, gap(0, 2), c])).toEqual([a, b, c]);
    });

    it('passes a gap of any length at once', () => {
      expect(outcome([a, gap(1, 2 ** 52), item(2 ** 52)])).toEqual([a, gap(1, 2 ** 52), item(2 ** 52)]);
    });

    it('emits the end behind the last chunk', () =>
      expectPicture(reorder(), {
        source: '      -E-b-a----|',
        subscription: '^---------!',
        result: '      -----(abE)|',
        values: { E: end(2) },
      }));

    it('emits the end behind the last gap, and once', () => {
      expect(outcome([end(3), c, end(3), gap(0, 2), end(3)])).toEqual([gap(0, 2), c, end(3)]);
      expect(outcome([end(2), end(1, 'failed'), b, a])).toEqual([a, b, end(2)]);
    });

    it('swallows marks', () =>
      expectPicture(reorder(), {
        source: '      -M-a-b-M|',
        subscription: '^-------!',
        result: '      ---a-b--|',
        values: { M: mark(2) },
      }));

    it('starts with a notice when told to start with the first', () => {
      expect(outcome([gap(5, 7), item(7)], { start: 'first' })).toEqual([gap(5, 7), item(7)]);
      expect(outcome([end(5), item(4)], { start: 'first' })).toEqual([end(5)]);
      expect(outcome([mark(5), item(6), item(5)], { start: 'first' })).toEqual([item(5), item(6)]);
    });

    it('does not hand notices to the functions of the user', () => {
      const seq = (value: Item) => ({ a: 0, b: 1 })[(value as unknown as { name: 'a' | 'b' }).name];
      expect(outcome([end(2), { name: 'b' }, mark(1), { name: 'a' }], { seq })).toEqual([
        { name: 'a' },
        { name: 'b' },
        end(2),
      ]);
    });
  });

  describe('when its consumer feeds the source', () => {
    /** Feeds the source from within `next`, and notes what comes and how deep the calls go. */
    function fed(options: ReorderOptions<Item>, first: unknown, feed: (source: Subject<Item>, value: unknown) => void) {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      let depth = 0;
      let deepest = 0;
      source.pipe(reorder(options)).subscribe({
        next: (value) => {
          seen.push(value);
          deepest = Math.max(deepest, ++depth);
          feed(source, value);
          depth--;
        },
        error: (error) => seen.push(error),
        complete: () => seen.push('complete'),
      });
      source.next(first as Item);
      return { seen, deepest };
    }

    it('emits in order what comes meanwhile, once the consumer has returned', () => {
      const feeds = fed({}, a, (source, value) => {
        if (value === a) for (const next of [c, b]) source.next(next);
      });
      expect(feeds).toEqual({ seen: [a, b, c], deepest: 1 });
    });

    it('takes more than its window at once, as long as it is in order', () => {
      const feeds = fed({ window: 4 }, a, (source, value) => {
        if (value === a) for (let seq = 1; seq < 100; seq++) source.next(item(seq));
      });
      expect(feeds).toEqual({ seen: Array.from({ length: 100 }, (_, seq) => item(seq)), deepest: 2 });
    });

    it.each([[gap(1, 2)], [end(1)]])('takes %o meanwhile', (notice) => {
      const feeds = fed({}, a, (source, value) => {
        if (value === a) source.next(notice as unknown as Item);
      });
      expect(feeds).toEqual({ seen: [a, notice], deepest: 1 });
    });

    it('takes more notices meanwhile than it may hold', () => {
      const { seen } = fed({ window: 1 }, a, (source, value) => {
        if (value !== a) return;
        for (const next of [gap(1, 2), end(9), gap(4, 5), b, c]) source.next(next as unknown as Item);
      });
      expect(seen).toEqual([a, gap(1, 2), c]);
    });

    it('completes behind what came meanwhile', () => {
      const { seen } = fed({ onComplete: 'error' }, a, (source, value) => {
        if (value !== a) return;
        source.next(b);
        source.complete();
      });
      expect(seen).toEqual([a, b, 'complete']);
    });

    it('stops when the consumer leaves while the source completes', () => {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      source.pipe(reorder(), take(2)).subscribe((value) => {
        seen.push(value);
        if (value !== a) return;
        for (const next of [b, d]) source.next(next);
        source.complete();
      });
      source.next(a);
      expect(seen).toEqual([a, b]);
    });

    it('holds and counts a chunk once that came again while room was made for it', () => {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      const large = (seq: number) => ({ ...item(seq), size: 6 });
      source.pipe(reorder({ window: 2, maxBytes: 10, onOverflow: 'skip' })).subscribe((value) => {
        seen.push(value);
        if ('from' in value) source.next(large(3));
      });
      for (const next of [large(3), c, large(5)]) source.next(next);
      expect(seen).toEqual([gap(0, 2, 'dropped'), c, large(3)]);
    });

    it('stops when the consumer leaves while room is made', () => {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      source.pipe(reorder({ window: 2, onOverflow: 'skip' }), take(1)).subscribe((value) => seen.push(value));
      source.next(d);
      expect(seen).toEqual([gap(0, 2, 'dropped')]);
      expect(source.observed).toBe(false);
    });
  });

  it('goes on behind a stage that throws what nobody catches', () => {
    let count = 0;
    class Throwing extends Stage<unknown> {
      protected override _next(): void {
        count++;
        throw new Error('boom');
      }
    }
    const source = new Subject<Item>();
    source
      .pipe(
        reorder(),
        operate<unknown>((destination) => new Throwing(destination)),
      )
      .subscribe();
    for (const next of [a, b, c]) expect(() => source.next(next)).toThrow('boom');
    expect(count).toBe(3);
  });

  it.each([
    [{ start: -1 }, new RangeError('start must be a whole number of at least 0, got -1')],
    [{ start: 'last' }, new TypeError('start must be a number, got a string')],
    [{ window: 0 }, new RangeError('window must be a whole number of at least 1 and at most 1048576, got 0')],
    [{ maxBytes: 0.5 }, new RangeError('maxBytes must be a whole number of at least 1 or Infinity, got 0.5')],
    [{ onOverflow: 'ignore' }, new TypeError('onOverflow must be "error", "skip" or "drop"')],
    [{ onComplete: 'wait' }, new TypeError('onComplete must be "flush", "error" or "discard"')],
  ])('refuses %o', (options, error) => {
    expect(() => reorder(options as ReorderOptions<Item>)).toThrow(error);
  });

  describe('in order', () => {
    operatorLaws<Item, Item | Gap>('reorder', (probe) => reorder<Item>({ probe }), {
      item,
      flat: true,
      holds: 0,
      throwing: {
        seq: (boom) => reorder<Item>({ seq: boom }),
        size: (boom) => reorder<Item>({ seq: ({ seq }) => seq + 1, size: boom }),
      },
    });
  });

  describe('out of order', () => {
    operatorLaws<Item, Item | Gap>('reorder', (probe) => reorder<Item>({ probe, maxBytes: Infinity }), {
      item: (n) => item(n ^ 1),
      expected: (items) => naiveOrder(items),
      firehose: 4,
      delayed: true,
    });
  });
});
