import fc from 'fast-check';
import { from, type MonoTypeOperatorFunction, of, type SchedulerLike } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { dedupe, type DedupeOptions } from '../../operators/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { end, gap, type Item, item, listen, mark, expectPicture } from './alphabet.js';

const key = ({ seq }: Item): number => seq;

describe('dedupe', () => {
  it.each([
    ['seq', dedupe<Item>()],
    ['key', dedupe<Item>({ by: 'key', key })],
  ])('drops what came before, by %s', (_, operator) =>
    expectPicture(operator, {
      source: '      -a-a-b-a|',
      subscription: '^-------!',
      result: '      -a---b--|',
    }),
  );

  it('remembers no more keys than its window', () =>
    expectPicture(dedupe<Item>({ by: 'key', key, window: 1 }), {
      source: '      -a-b-a-a|',
      subscription: '^-------!',
      result: '      -a-b-a--|',
    }));

  it('forgets the oldest key first, although it was seen again', () =>
    expectPicture(dedupe<Item>({ by: 'key', key, window: 2 }), {
      source: '      -a-b-a-c-a|',
      subscription: '^---------!',
      result: '      -a-b---c-a|',
    }));

  it('forgets a key after its time, which a duplicate does not prolong', () =>
    expectPicture(dedupe<Item>({ by: 'key', key, ttlMs: 5 }), {
      source: '      -a--a-a--|',
      subscription: '^--------!',
      result: '      -a----a--|',
    }));

  it('takes numbers older than its window for duplicates', () =>
    expectPicture(dedupe<Item>({ window: 2 }), {
      source: '      -d-c-b-a|',
      subscription: '^-------!',
      result: '      -d-c----|',
    }));

  it.each([
    ['seq', dedupe<Item>()],
    ['key', dedupe<Item>({ by: 'key', key })],
  ])('lets notices pass every time, by %s', (_, operator) =>
    expectPicture(operator, {
      source: '      -G-G-M-M-a-E-E|',
      subscription: '^-------------!',
      result: '      -G-G-M-M-a-E-E|',
      values: { G: gap(0, 1), M: mark(0), E: end(1) },
    }),
  );

  it('takes an item with a kind of its own for an item', () => {
    const items = [
      { kind: 'gap', seq: 0 },
      { kind: 'gap', seq: 0 },
      { kind: 'end', seq: 1 },
    ];
    const byKey = { by: 'key', key: ({ seq }: { seq: number }) => seq } as const;
    for (const operator of [dedupe<(typeof items)[0]>({ by: 'seq' }), dedupe<(typeof items)[0]>(byKey)]) {
      const seen: unknown[] = [];
      from(items)
        .pipe(operator)
        .subscribe((value) => seen.push(value));
      expect(seen).toEqual([items[0], items[2]]);
    }
  });

  it('reads the number from anything', () => {
    const seen: string[] = [];
    from(['1:a', '1:b', '0:c'])
      .pipe(dedupe({ seq: (text) => parseInt(text) }))
      .subscribe((text) => seen.push(text));
    expect(seen).toEqual(['1:a', '0:c']);
  });

  it('reports duplicates by number, where there is one', () => {
    const { probe, heard } = listen('dedupe');
    of(3, 3)
      .pipe(dedupe({ seq: (n) => n, probe }))
      .subscribe();
    of(item(4), item(4))
      .pipe(dedupe({ by: 'key', key, probe }))
      .subscribe();
    of('a', 'a')
      .pipe(dedupe({ by: 'key', key: (text) => text, probe }))
      .subscribe();
    expect(heard).toEqual([3, 4, undefined].map((seq) => ({ type: 'duplicate', seq })));
  });

  it('reads no clock unless keys have a time to live', () => {
    const scheduler = { now: () => expect.fail('the clock was read') } as unknown as SchedulerLike;
    const seen: number[] = [];
    of(1, 1, 2)
      .pipe(dedupe({ by: 'key', key: (n) => n, scheduler }))
      .subscribe((n) => seen.push(n));
    expect(seen).toEqual([1, 2]);
  });

  it.each([
    [{ window: 0 }, new RangeError('window must be a whole number of at least 1 and at most 67108864, got 0')],
    [{ by: 'id' }, new TypeError('by must be "seq" or "key"')],
    [{ by: 'key' }, new TypeError('key must be a function when by is "key"')],
    [{ by: 'key', key, ttlMs: 0 }, new RangeError('ttlMs must be a whole number of at least 1 or Infinity, got 0')],
  ])('refuses %o', (options, error) => {
    expect(() => dedupe(options as unknown as DedupeOptions<Item> & { by: 'key' })).toThrow(error);
  });

  it('gives each number once, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), (numbers) => {
        const seen: number[] = [];
        from(numbers)
          .pipe(dedupe({ seq: (n) => n }))
          .subscribe((n) => seen.push(n));
        expect(seen).toEqual([...new Set(numbers)]);
      }),
    );
  });

  describe('by number', () => {
    operatorLaws<Item>('dedupe', (probe) => dedupe<Item>({ probe }), {
      item,
      holds: 0,
      throwing: { seq: (boom) => dedupe<Item>({ seq: boom }) },
    });
  });

  describe('by key', () => {
    const byKey = (make: () => unknown): MonoTypeOperatorFunction<Item> => dedupe<Item>({ by: 'key', key: make });
    operatorLaws<Item>('dedupe', (probe) => dedupe<Item>({ by: 'key', key, ttlMs: 1000, probe }), {
      item,
      holds: 0,
      throwing: { key: byKey },
    });
  });
});
