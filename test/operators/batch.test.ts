import fc from 'fast-check';
import { asyncScheduler, from, lastValueFrom, Subject, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { batch, type BatchOptions } from '../../operators/index.js';
import { createChunk, StreamError } from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';

function pairs<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 2) }, (_, n) => items.slice(2 * n, 2 * n + 2));
}

operatorLaws('batch', () => batch<number>({ maxItems: 2, maxDelayMs: 1000 }), {
  expected: pairs,
  firehose: 6,
  delayed: true,
});
operatorLaws('batch', () => batch<number>({ maxBytes: 2, size: () => 1, maxDelayMs: 1000 }), {
  expected: pairs,
  firehose: 6,
  delayed: true,
  throwing: { size: (boom) => batch({ maxBytes: 2, size: boom }) },
});
operatorLaws('batch', () => batch<{ n: number }>({ maxItems: 64, maxBytes: 48, size: () => 1 }), {
  item: (n) => ({ n }),
  expected: (items) => groups(items, 64, 48, () => 1),
  firehose: 144,
  delayed: true,
  holds: 47,
});

/** What `batch` does to items that come at once, written as plainly as can be. */
function groups<T>(items: readonly T[], maxItems: number, maxBytes: number, size: (item: T) => number): T[][] {
  const all: T[][] = [];
  let group: T[] = [];
  const bytes = () => group.reduce((sum, item) => sum + size(item), 0);
  for (const item of items) {
    const full = group.length >= maxItems || bytes() >= maxBytes;
    if (full || (group.length > 0 && bytes() + size(item) > maxBytes)) {
      all.push(group);
      group = [];
    }
    group.push(item);
  }
  return group.length > 0 ? [...all, group] : all;
}

/** Checks a picture on a cold and on a hot source; letters of the result are batches by what they hold. */
function picture(
  options: BatchOptions<string>,
  [source, subscription, result]: readonly [string, string, string],
  batches: Record<string, string> = {},
) {
  const values = Object.fromEntries(Object.entries(batches).map(([letter, items]) => [letter, [...items]]));
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](source);
      expectObservable(input.pipe(batch(options))).toBe(result, values);
      expectSubscriptions(input.subscriptions).toBe(subscription);
    });
  }
}

describe('batch', () => {
  it('holds an item no longer than its time, counted from the first of the batch', () =>
    picture(
      { maxDelayMs: 4 },
      [
        '-ab------c-|', //
        '^----------!',
        '-----x-----(y|)',
      ],
      { x: 'ab', y: 'c' },
    ));

  it('emits a batch that is full at once', () =>
    picture(
      { maxItems: 2 },
      [
        '-ab-cd-e|', //
        '^-------!',
        '--x--y--(z|)',
      ],
      { x: 'ab', y: 'cd', z: 'e' },
    ));

  it('never emits an empty batch', () =>
    picture({ maxDelayMs: 2, maxItems: 2 }, [
      '---------|', //
      '^--------!',
      '---------|',
    ]));

  it('emits what it holds before an error', () =>
    picture(
      { maxItems: 9 },
      [
        '-abc#', //
        '^---!',
        '----(z#)',
      ],
      { z: 'abc' },
    ));

  it('emits what it holds before the completion', () =>
    picture(
      { maxItems: 9 },
      [
        '-abc|', //
        '^---!',
        '----(z|)',
      ],
      { z: 'abc' },
    ));

  const weight = (item: string) => ({ b: 1, c: 2, D: 9 })[item] ?? 1;

  it('emits before an item that would not fit', () =>
    picture(
      { maxBytes: 3, size: weight },
      [
        '-ab-c--|', //
        '^------!',
        '----x--(y|)',
      ],
      { x: 'ab', y: 'c' },
    ));

  it('emits as soon as there is no room for another byte', () =>
    picture(
      { maxBytes: 3, size: weight },
      [
        '-a-c-b|', //
        '^-----!',
        '---x--(y|)',
      ],
      { x: 'ac', y: 'b' },
    ));

  it('lets an item that is too large go alone, behind what came before', () =>
    picture(
      { maxBytes: 3, size: weight, maxDelayMs: 9 },
      [
        '-a---D----b|', //
        '^----------!',
        '-----(xy)--(z|)',
      ],
      { x: 'a', y: 'D', z: 'b' },
    ));

  it('fills the next batch with the item that did not fit, which may be full then', () =>
    picture(
      { maxItems: 1, maxBytes: 3, size: weight },
      [
        'D-a|', //
        '^--!',
        'x-y|',
      ],
      { x: 'D', y: 'a' },
    ));

  it('counts the time anew for every batch, whatever ended the one before', () =>
    picture(
      { maxItems: 2, maxDelayMs: 4 },
      [
        'ab-c-----de-f------|', //
        '^------------------!',
        '-x-----y--z-----w--|',
      ],
      { x: 'ab', y: 'c', z: 'de', w: 'f' },
    ));

  it('lets an item in the same frame come with the batch', () =>
    picture(
      { maxDelayMs: 3 },
      [
        'a--b--|', //
        '^-----!',
        '---x--|',
      ],
      { x: 'ab' },
    ));

  it("goes by a chunk's own size", async () => {
    const chunks = ['four', 'four', 'eleven here'].map((data, seq) => createChunk({ streamId: 's', seq, data }));
    const batches = await lastValueFrom(from(chunks).pipe(batch({ maxBytes: 10 }), toArray()));
    expect(batches.map((each) => each.map(({ seq }) => seq))).toEqual([[0, 1], [2]]);
  });

  it('keeps order when its consumer feeds back while an item that did not fit waits', () => {
    const source = new Subject<string>();
    const seen: string[] = [];
    source.pipe(batch({ maxBytes: 3, size: weight })).subscribe((items) => {
      seen.push(items.join(''));
      if (seen.length === 1) source.next('b');
    });
    for (const item of ['a', 'D', 'a', 'a']) source.next(item);
    expect(seen).toEqual(['a', 'D', 'baa']);
  });

  it('emits nothing more once its consumer has had enough', () => {
    for (const end of ['complete', 'error'] as const) {
      const source = new Subject<string>();
      const seen: unknown[] = [];
      const left = source.pipe(batch({ maxItems: 9 }), take(1)).subscribe((items) => seen.push(items));
      source.next('a');
      source[end](new Error('no'));
      expect(seen).toEqual([['a']]);
      expect(left.closed).toBe(true);
    }
  });

  it('gives every batch an array of its own', async () => {
    const batches = await lastValueFrom(from([1, 2, 3]).pipe(batch({ maxItems: 1 }), toArray()));
    expect(new Set(batches).size).toBe(3);
  });

  it('arms no timer for each batch', () => {
    vi.useFakeTimers();
    const schedule = vi.spyOn(asyncScheduler, 'schedule');
    const source = new Subject<number>();
    const subscription = source.pipe(batch({ maxItems: 2, maxDelayMs: 100 })).subscribe();
    for (let n = 0; n < 1000; n++) source.next(n);
    expect(schedule).toHaveBeenCalledTimes(1);
    subscription.unsubscribe();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('names the size that is none', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|');
      const size = (item: string) => (item === 'b' ? NaN : 1);
      const error = new StreamError('callback-failed', 'batch: size must return a number of at least 0, got NaN', {
        operator: 'batch',
      });
      expectObservable(source.pipe(batch({ maxBytes: 9, size }))).toBe('---(x#)', { x: ['a'] }, error);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }));

  it('groups what comes at once as the plainest program would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 12 })),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 10 }),
        (items, maxItems, maxBytes) => {
          const batches: (readonly number[])[] = [];
          from(items)
            .pipe(batch({ maxItems, maxBytes, size: (n) => n }))
            .subscribe((each) => batches.push(each));
          expect(batches).toEqual(groups(items, maxItems, maxBytes, (n) => n));
        },
      ),
    );
  });

  it('holds no item longer than its time, loses none and keeps their order', () => {
    const pauses = fc.array(fc.nat({ max: 9 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        pauses,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (times, maxDelayMs, maxItems) =>
          marbles(({ flush }) => {
            const source = new Subject<number>();
            const cameAt: number[] = [];
            const seen: number[] = [];
            source.pipe(batch({ maxItems, maxDelayMs })).subscribe((items) => {
              expect(items.length).toBeLessThanOrEqual(maxItems);
              seen.push(...items);
              for (const n of items) expect(asyncScheduler.now() - cameAt[n]!).toBeLessThanOrEqual(maxDelayMs);
            });
            let at = 0;
            for (const [n, pause] of times.entries()) {
              cameAt.push((at += pause));
              asyncScheduler.schedule(() => source.next(n), at);
            }
            asyncScheduler.schedule(() => source.complete(), at + 20);
            flush();
            expect(seen).toEqual(times.map((_, n) => n));
          }),
      ),
    );
  });

  it('refuses bounds that are none, and to have none', () => {
    expect(() => batch({})).toThrow('batch needs maxItems, maxBytes or maxDelayMs');
    expect(() => batch({ maxItems: 0 })).toThrow('maxItems must be a whole number of at least 1 or Infinity, got 0');
    expect(() => batch({ maxBytes: 0.5 })).toThrow(RangeError);
    expect(() => batch({ maxDelayMs: -1 })).toThrow(RangeError);
    expect(() => batch({ maxItems: '2' as unknown as number })).toThrow(TypeError);
  });
});
