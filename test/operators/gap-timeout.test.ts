import { from, type Observable, type SchedulerLike, Subject, take } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gapTimeout, type GapTimeoutOptions } from '../../operators/index.js';
import type { Gap } from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { alphabet, end, gap, type Item, item, listen, mark, expectPicture, streamError } from './alphabet.js';

describe('gapTimeout', () => {
  it('lets everything pass at once, in whatever order', () =>
    expectPicture(gapTimeout({ timeoutMs: 5 }), {
      source: '      -c-a-b-b-E-d|',
      subscription: '^-----------!',
      result: '      -c-a-b-b-E-d|',
      values: { E: end(4) },
    }));

  it('fails when a chunk is missing for too long, naming it', () =>
    expectPicture(gapTimeout({ timeoutMs: 5 }), {
      source: '      -a-d---------|',
      subscription: '^-------!',
      result: '      -a-d----#',
      error: streamError('gap', 'gapTimeout: chunks 1 to 2 of "s" did not come within 5 ms'),
    }));

  it('gives the chunk up and goes on when asked to skip', () =>
    expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
      source: '      -a-d---------|',
      subscription: '^------------!',
      result: '      -a-d----G----|',
      values: { G: gap(1, 3) },
    }));

  it('lets the chunk win that comes in the very moment', () =>
    expectPicture(gapTimeout({ timeoutMs: 5 }), {
      source: '      b----a---|',
      subscription: '^--------!',
      result: '      b----a---|',
    }));

  it('gives each hole its own time, from when it was noticed', () =>
    expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
      source: '      b-d----------|',
      subscription: '^------------!',
      result: '      b-d--G-H-----|',
      values: { G: gap(0, 1), H: gap(2, 3) },
    }));

  it('waits only for what is still missing of a hole', () =>
    expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
      source: '      -e-b---------|',
      subscription: '^------------!',
      result: '      -e-b--(GH)---|',
      values: { G: gap(0, 1), H: gap(2, 4) },
    }));

  it('starts where it is told to', () =>
    expectPicture(gapTimeout({ timeoutMs: 2, start: 2 }), {
      source: '      -b-c-e----|',
      subscription: '^------!',
      result: '      -b-c-e-#',
      error: streamError('gap', 'chunk 3 '),
    }));

  it('starts with the first to arrive when told to', () =>
    expectPicture(gapTimeout({ timeoutMs: 2, start: 'first' }), {
      source: '      -d-e-g----|',
      subscription: '^------!',
      result: '      -d-e-g-#',
      error: streamError('gap', 'chunk 5 '),
    }));

  it('fails on a number that is none, also before it has started', () =>
    expectPicture(gapTimeout<Item>({ timeoutMs: 2, start: 'first', seq: () => -1 }), {
      source: '      -a-',
      subscription: '^!',
      result: '      -#',
      error: streamError('chunk-invalid', 'gapTimeout: seq must be a whole number'),
    }));

  it('waits for the source where there is no time limit', () =>
    expectPicture(gapTimeout({ timeoutMs: Infinity }), {
      source: '      -b 1m |',
      subscription: '^- 1m !',
      result: '      -b 1m #',
      error: streamError('gap', 'chunk 0 of "s" did not come before the stream ended'),
    }));

  it('passes an error on at once', () =>
    expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
      source: '      -b--#',
      subscription: '^---!',
      result: '      -b--#',
    }));

  it('gives up what is missing when the source completes', () =>
    expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
      source: '      -b-d|',
      subscription: '^---!',
      result: '      -b-d(GH|)',
      values: { G: gap(0, 1), H: gap(2, 3) },
    }));

  it('stops giving up when its consumer has enough', () =>
    expectPicture((source: Observable<Item>) => source.pipe(gapTimeout({ timeoutMs: 6, action: 'skip' }), take(4)), {
      source: '      -(fbd)------|',
      subscription: '^------!',
      result: '      -(fbd)-(G|)',
      values: { G: gap(0, 1) },
    }));

  describe('on notices', () => {
    it('takes an end for word of all chunks before it', () =>
      expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
        source: '      -a-E--------|',
        subscription: '^-----------!',
        result: '      -a-E----G---|',
        values: { E: end(3), G: gap(1, 3) },
      }));

    it('takes a mark for word of all chunks before it, and swallows it', () =>
      expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip' }), {
        source: '      -a-M-M-b----|',
        subscription: '^-----------!',
        result: '      -a-----bG---|',
        values: { M: mark(3), G: gap(2, 3) },
      }));

    it('does not wait for what a gap says will not come', () =>
      expectPicture(gapTimeout({ timeoutMs: 5 }), {
        source: '      -d-G---------e|',
        subscription: '^-------------!',
        result: '      -d-G---------e|',
        values: { G: gap(0, 3, 'trimmed') },
      }));

    it('waits for the rest of a hole that a gap covers in part', () =>
      expectPicture(gapTimeout({ timeoutMs: 5 }), {
        source: '      -d-G---------e|',
        subscription: '^-----!',
        result: '      -d-G--#',
        values: { G: gap(0, 2, 'trimmed') },
        error: streamError('gap', 'chunk 2 '),
      }));

    it('goes on behind a gap, and waits for what is missing before it', () =>
      expectPicture(gapTimeout({ timeoutMs: 5 }), {
        source: '      -a-G-f-------|',
        subscription: '^-------!',
        result: '      -a-G-f--#',
        values: { G: gap(2, 5, 'trimmed') },
        error: streamError('gap', 'chunk 1 '),
      }));

    it('starts with a notice when told to start with the first', () =>
      expectPicture(gapTimeout({ timeoutMs: 5, start: 'first' }), {
        source: '      -G-f-------|',
        subscription: '^----------!',
        result: '      -G-f-------|',
        values: { G: gap(2, 5, 'trimmed') },
      }));

    it('takes an item with a kind of its own for an item', () => {
      const kinds = [0, 1].map((seq) => ({ seq, kind: 'mark' }));
      const seen: unknown[] = [];
      from(kinds)
        .pipe(gapTimeout({ timeoutMs: 5 }))
        .subscribe((value) => seen.push(value));
      expect(seen).toEqual(kinds);
    });
  });

  describe('with more missing at once than allowed', () => {
    it('fails at once, naming what is missing', () =>
      expectPicture(gapTimeout({ timeoutMs: 5, action: 'skip', maxMissing: 2 }), {
        source: '      -a-c-f-b|',
        subscription: '^----!',
        result: '      -a-c-#',
        error: streamError('gap', 'chunks 3 to 4 of "s" would be missing too, and at most 2 may be at once'),
      }));

    it('fails on the word of a notice, too', () =>
      expectPicture(gapTimeout({ timeoutMs: 5, maxMissing: 2 }), {
        source: '      -a-E|',
        subscription: '^--!',
        result: '      -a-#',
        values: { E: end(4) },
        error: streamError('gap', 'chunks 1 to 3 of "s"'),
      }));

    it('counts only what is still missing', () =>
      expectPicture(gapTimeout({ timeoutMs: 9, maxMissing: 2 }), {
        source: '      -c-b-d-a-g-ef|',
        subscription: '^------------!',
        result: '      -c-b-d-a-g-ef|',
      }));
  });

  describe('on the clock', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('keeps one timer while chunks are missing, and none otherwise', () => {
      const source = new Subject<Item>();
      const subscription = source.pipe(gapTimeout({ timeoutMs: 5 })).subscribe();
      const timers = [0, 2, 4, 1, 3].map((seq) => {
        source.next(item(seq));
        return vi.getTimerCount();
      });
      expect(timers).toEqual([0, 1, 1, 1, 0]);
      source.next(item(9));
      expect(vi.getTimerCount()).toBe(1);
      subscription.unsubscribe();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('reads no clock while all is in order', () => {
      const scheduler = { now: () => expect.fail('the clock was read') } as unknown as SchedulerLike;
      const seen: unknown[] = [];
      from([0, 1, 2].map(item))
        .pipe(gapTimeout({ timeoutMs: 5, scheduler }))
        .subscribe((value) => seen.push(value));
      expect(seen).toHaveLength(3);
    });

    it('is not misled by a clock that is set back', () => {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      source.pipe(gapTimeout({ timeoutMs: 10, action: 'skip' })).subscribe((value) => seen.push(value));
      source.next(item(1));
      vi.advanceTimersByTime(5);
      source.next(item(3));
      vi.setSystemTime(Date.now() - 3_600_000);
      vi.advanceTimersByTime(5);
      expect(seen).toEqual([item(1), item(3), gap(0, 1)]);
      vi.advanceTimersByTime(10);
      expect(seen).toEqual([item(1), item(3), gap(0, 1), gap(2, 3)]);
    });
  });

  it('reports what is missing, asked for, repaired and given up', () => {
    const { probe, heard } = listen('gapTimeout');
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-d-b----------|', alphabet);
      const options = { timeoutMs: 3, action: 'repair', request: () => {}, retries: 1, afterRepair: 'skip' } as const;
      expectObservable(source.pipe(gapTimeout({ ...options, probe }))).toBe('-a-d-b---G------|', {
        ...alphabet,
        G: gap(2, 3),
      });
    });
    expect(heard).toEqual([
      { type: 'hole', from: 1, to: 3 },
      { type: 'repaired', seq: 1 },
      { type: 'nack', from: 2, to: 3, attempt: 1 },
      { type: 'gap', from: 2, to: 3, reason: 'timeout' },
    ]);
  });

  it.each([
    [{}, new TypeError('timeoutMs must be a number, got undefined')],
    [
      { timeoutMs: 2 ** 31 },
      new RangeError(
        `timeoutMs must be a whole number of at least 1 and at most 2147483647 or Infinity, got ${2 ** 31}`,
      ),
    ],
    [{ action: 'wait' }, new TypeError('action must be "fail", "skip" or "repair"')],
    [{ action: 'repair' }, new TypeError('request must be a function when action is "repair"')],
    [{ afterRepair: 'repair' }, new TypeError('afterRepair must be "fail" or "skip"')],
    [{ retries: 0 }, new RangeError('retries must be a whole number of at least 1 or Infinity, got 0')],
    [{ maxMissing: 0 }, new RangeError('maxMissing must be a whole number of at least 1 or Infinity, got 0')],
    [{ start: -1 }, new RangeError('start must be a whole number of at least 0, got -1')],
  ])('refuses %o', (options, error) => {
    const given = {
      ...('timeoutMs' in options || error.message.startsWith('timeoutMs') ? {} : { timeoutMs: 5 }),
      ...options,
    };
    expect(() => gapTimeout(given as GapTimeoutOptions<Item>)).toThrow(error);
  });

  describe('in order', () => {
    operatorLaws<Item, Item | Gap>('gapTimeout', (probe) => gapTimeout<Item>({ timeoutMs: 5, probe }), {
      item,
      holds: 0,
      throwing: {
        seq: (boom) => gapTimeout<Item>({ timeoutMs: 5, seq: boom }),
        request: (boom) =>
          gapTimeout<Item>({ timeoutMs: 5, action: 'repair', request: boom, start: 0, seq: ({ seq }) => seq + 1 }),
      },
    });
  });

  describe('out of order', () => {
    operatorLaws<Item, Item | Gap>('gapTimeout', (probe) => gapTimeout<Item>({ timeoutMs: 5, action: 'skip', probe }), {
      item: (n) => item(n ^ 1),
      expected: (items) => (items.length % 2 === 1 ? [...items, gap(items.length - 1, items.length)] : items),
      // All items come at once; that gap comes with completion.
      delayed: true,
    });
  });
});
