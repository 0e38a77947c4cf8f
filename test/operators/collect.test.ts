import fc from 'fast-check';
import { from, map, of, pipe, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { collect, type CollectOptions } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { bytesOf, cuts, pieces, text } from '../format/pieces.js';
import { streamError } from './alphabet.js';

/** The laws' source without end meets the bound, and with it the end. */
const most = 20;
const within = <R>(items: readonly number[], all: R): R[] => (items.length > most ? [] : [all]);
operatorLaws<number, number[]>('collect', () => collect<number>({ maxItems: most }), {
  expected: (items) => within(items, [...items]),
  firehose: most + 1,
  delayed: true,
});
operatorLaws<number, string>('collect', () => pipe(map(String), collect({ as: 'text', maxBytes: 30 })), {
  expected: (items) => within(items, items.join('')),
  firehose: most + 1,
  delayed: true,
});

/** What comes out of these items, errors included. */
function outcome(items: readonly unknown[], options?: CollectOptions): unknown[] {
  const seen: unknown[] = [];
  from(items)
    .pipe(collect(options as { as: 'array' }))
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  return seen;
}

describe('collect', () => {
  it.each([
    [{}, ['a', 'b', 'c']],
    [{ as: 'text' }, 'abc'],
  ] as const)('with %o emits all that came, at the end', (options, all) =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('     -a-b-c|');
      const subscription = '    ^-----!';
      const result = '          ------(x|)';
      expectObservable(source.pipe(collect(options as { as: 'text' }))).toBe(result, { x: all });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }),
  );

  it('emits also where nothing came', () => {
    expect(outcome([])).toEqual([[]]);
    expect(outcome([], { as: 'text' })).toEqual(['']);
    expect(outcome([], { as: 'bytes' })).toEqual([new Uint8Array(0)]);
  });

  it('emits nothing when the source fails or is let go', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [failing, endless] = [cold('-a-#'), cold('-a-b-c-')];
      expectObservable(failing.pipe(collect())).toBe('---#');
      expectObservable(endless.pipe(collect()), '^--!').toBe('----');
      expectSubscriptions(endless.subscriptions).toBe('^--!');
    }));

  it('emits nothing behind what its consumer had enough of', () => {
    const source = new Subject<number>();
    const seen: unknown[] = [];
    source.pipe(collect(), take(1)).subscribe({ next: (all) => seen.push(all), complete: () => seen.push('complete') });
    source.next(1);
    source.complete();
    expect(seen).toEqual([[1], 'complete']);
  });

  it.each<[CollectOptions, unknown[], unknown[], string]>([
    [{ maxItems: 2 }, [1, 2], [1, 2, 3], 'maxItems = 2'],
    [{ as: 'text', maxBytes: 5 }, ['€', 'ab'], ['€', 'abc'], 'maxBytes = 5'],
    [{ as: 'bytes', maxBytes: 3 }, [bytesOf('ab'), bytesOf('c')], [bytesOf('ab'), bytesOf('cd')], 'maxBytes = 3'],
  ])('with %o takes no more', (options, within, beyond, bound) => {
    expect(outcome(within, options)).toHaveLength(1);
    expect(outcome(within, options)[0]).not.toBeInstanceOf(Error);
    expect(outcome(beyond, options)).toEqual([streamError('overflow', 'collect', bound)]);
  });

  it('lets the source go at the first item that is too much', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|');
      expectObservable(source.pipe(collect({ maxItems: 1 }))).toBe('---#', undefined, streamError('overflow'));
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }));

  it('joins bytes, and text that was cut anywhere', () => {
    fc.assert(
      fc.property(text, cuts, (whole, places) => {
        expect(outcome(pieces(whole, places), { as: 'text' })).toEqual([whole]);
        const bytes = bytesOf(whole);
        expect(outcome(pieces(bytes, places), { as: 'bytes' })).toEqual([bytes]);
      }),
    );
  });

  it('joins nothing that is neither', () => {
    expect(outcome(['a', 5], { as: 'text' })).toEqual([
      streamError('data-malformed', 'must be a string, got a number'),
    ]);
    expect(outcome(['a'], { as: 'bytes' })).toEqual([streamError('data-malformed', 'must be bytes, got a string')]);
  });

  it('gives each consumer an array of its own', () => {
    const all = of(1, 2).pipe(collect());
    const seen: number[][] = [];
    for (let n = 0; n < 2; n++) all.subscribe((items) => seen.push(items));
    seen[0]!.push(3);
    expect(seen[1]).toEqual([1, 2]);
  });

  it.each([
    [{ as: 'set' }, 'as must be "array", "text" or "bytes"'],
    [{ maxItems: 0 }, 'maxItems must be a whole number of at least 1 or Infinity, got 0'],
    [{ maxBytes: 0.5 }, 'maxBytes must be a whole number of at least 1 or Infinity, got 0.5'],
  ])('refuses %o', (options, message) => {
    expect(() => collect(options as never)).toThrow(message);
  });
});
