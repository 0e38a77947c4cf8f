import fc from 'fast-check';
import { asyncScheduler, from, Subject, take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { progress, type ProgressOptions } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { listen, streamError } from './alphabet.js';
import { checkTimeless } from './each-item.js';

const probe = () => {};
operatorLaws<number>('progress', (heard) => progress({ probe: heard, everyItems: 2 }), {
  throwing: {
    size: (boom) => progress({ probe, size: boom }),
    total: (boom) => progress({ probe, total: boom }),
  },
});
operatorLaws<{ n: number }>('progress', () => progress({ probe, total: 9 }), { item: (n) => ({ n }), holds: 0 });

/** Checks a picture of items of 10 bytes, and what was reported, with its times in front. */
function picture(
  options: Partial<ProgressOptions<string>>,
  shown: { source: string; subscription: string; consumer?: string; error?: unknown },
): unknown[] {
  const { probe: hear, heard } = listen('progress');
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold(shown.source);
    const all: ProgressOptions<string> = {
      size: () => 10,
      probe: (event) => hear({ ...event, at: asyncScheduler.now() } as never),
      ...options,
    };
    expectObservable(source.pipe(progress(all)), shown.consumer).toBe(shown.source.replace(/ \S*!/, ''));
    expectSubscriptions(source.subscriptions).toBe(shown.subscription);
  });
  return heard;
}

const event = (at: number, items: number, more: object) => ({
  type: 'progress',
  at,
  items,
  bytes: items * 10,
  total: undefined,
  leftMs: undefined,
  done: false,
  reason: undefined,
  ...more,
});

describe('progress', () => {
  it('passes every item on and reports while items come, once more when none came, and at the end', () => {
    const heard = picture({ everyMs: 3, smoothing: 0.5 }, { source: '-ab-------|', subscription: '^---------!' });
    expect(heard).toEqual([
      event(4, 2, { perSecond: 5000 }),
      event(7, 2, { perSecond: 2500 }),
      event(10, 2, { perSecond: 2000, done: true, reason: 'complete' }),
    ]);
  });

  it('says how much is left, and how long it will take', () => {
    const options = { everyMs: 3, smoothing: 1, total: 40 };
    expect(picture(options, { source: '-ab---c--|', subscription: '^--------!' })).toEqual([
      event(4, 2, { perSecond: 5000, total: 40, leftMs: 4 }),
      event(7, 3, { perSecond: 10_000 / 3, total: 40, leftMs: 3 }),
      event(9, 3, { perSecond: 30_000 / 9, total: 40, done: true, reason: 'complete' }),
    ]);
  });

  it('does not know how long it will take where nothing moves, and has nothing left beyond the total', () => {
    expect(
      picture({ everyMs: 3, smoothing: 1, total: 5 }, { source: '-a-------|', subscription: '^--------!' }),
    ).toEqual([
      event(4, 1, { perSecond: 2500, total: 5, leftMs: 0 }),
      event(7, 1, { perSecond: 0, total: 5 }),
      event(9, 1, { perSecond: 10_000 / 9, total: 5, done: true, reason: 'complete' }),
    ]);
  });

  it('counts items instead of bytes, when told to', () => {
    const options = { everyMs: 4, unit: 'items', total: 4 } as const;
    expect(picture(options, { source: '-a-b--|', subscription: '^-----!' })).toEqual([
      event(5, 2, { perSecond: 400, total: 4, leftMs: 5 }),
      event(6, 2, { perSecond: 2000 / 6, total: 4, done: true, reason: 'complete' }),
    ]);
  });

  it('reports what its example says', () => {
    const options = { everyMs: 3, unit: 'items', total: 4 } as const;
    const heard = picture(options, { source: '-ab-------|', subscription: '^---------!' });
    expect(heard).toMatchObject([
      { at: 4, items: 2, total: 4, leftMs: 4 },
      { at: 7, items: 2, total: 4, leftMs: expect.closeTo(5, 5) },
      { at: 10, items: 2, total: 4, done: true },
    ]);
  });

  it('asks the first item for the total, and no other', () => {
    const asked: string[] = [];
    const total = (item: string) => {
      asked.push(item);
      return undefined;
    };
    const heard = picture({ total, everyMs: 2 }, { source: '-a---b-c---|', subscription: '^----------!' });
    expect(asked).toEqual(['a']);
    expect(heard.map((each) => (each as { total: unknown }).total)).toEqual(heard.map(() => undefined));
  });

  it('begins a period of its own behind a silence', () => {
    const heard = picture({ everyMs: 2 }, { source: '-a--------b---|', subscription: '^-------------!' });
    expect(heard.map((each) => (each as { at: number }).at)).toEqual([3, 5, 12, 14]);
  });

  it('says how the stream ended', () => {
    const last = (source: string, consumer?: string) => {
      const subscription = consumer ?? `^${'-'.repeat(source.length - 2)}!`;
      return picture({}, { source, subscription, ...(consumer && { consumer }) }).at(-1);
    };
    expect(last('-a-|')).toMatchObject({ done: true, reason: 'complete', items: 1 });
    expect(last('-a-#')).toMatchObject({ done: true, reason: 'error', items: 1 });
    expect(last('-a--', '^--!')).toMatchObject({ done: true, reason: 'unsubscribe', items: 1 });
    expect(last('-|')).toMatchObject({ done: true, reason: 'complete', items: 0, perSecond: 0 });
  });

  it('counts the item its consumer left at, and reports once', () => {
    const { probe: hear, heard } = listen('progress');
    from(['a', 'b', 'c'])
      .pipe(progress({ probe: hear, everyItems: 1, unit: 'items' }), take(2))
      .subscribe();
    expect(heard).toMatchObject([
      { items: 1, done: false },
      { items: 2, done: true, reason: 'unsubscribe' },
    ]);
  });

  it.each([
    [{ everyItems: 2 }, [2, 4, 5]],
    [{ everyBytes: 25 }, [3, 5]],
    [{ everyItems: 2, everyBytes: 10 }, [1, 2, 3, 4, 5, 5]],
  ])('with %o reports behind an item that is due', (options, counts) => {
    const { probe: hear, heard } = listen('progress');
    const seen: number[] = [];
    from([...'abcde'])
      .pipe(progress({ size: () => 10, probe: (each) => hear({ ...each, seen: seen.length } as never), ...options }))
      .subscribe(() => seen.push(1));
    expect(heard.map((each) => (each as { items: number }).items)).toEqual(counts);
    // Nobody hears of an item before the consumer has it.
    for (const each of heard as { items: number; seen: number }[]) expect(each.seen).toBe(each.items);
  });

  it('tells no rate before time has passed', () => {
    const { probe: hear, heard } = listen('progress');
    vi.useFakeTimers();
    from(['a', 'b'])
      .pipe(progress({ probe: hear, everyItems: 1, size: () => 1, total: 9 }))
      .subscribe();
    vi.useRealTimers();
    expect(heard).toMatchObject([1, 2, 2].map(() => ({ perSecond: 0, leftMs: undefined })));
  });

  it('reads no clock and arms no timer for an item', () => checkTimeless(progress({ probe })));

  it('ends with the whole, whatever came when', () => {
    const pauses = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 6 }), (times, everyMs) =>
        marbles(({ flush }) => {
          const { probe: hear, heard } = listen('progress');
          const source = new Subject<number>();
          source.pipe(progress({ probe: hear, everyMs, size: (n) => n })).subscribe();
          let at = 0;
          for (const pause of times) asyncScheduler.schedule(() => source.next(pause), (at += pause));
          asyncScheduler.schedule(() => source.complete(), at + 1);
          flush();
          const sum = times.reduce((all, pause) => all + pause, 0);
          expect(heard.filter((each) => (each as { done: boolean }).done)).toHaveLength(1);
          expect(heard.at(-1)).toMatchObject({ items: times.length, bytes: sum, perSecond: (sum * 1000) / (at + 1) });
          // Never more often than asked for, the last one aside.
          expect(heard.length).toBeLessThanOrEqual(at / everyMs + 2);
        }),
      ),
    );
  });

  it('names the size that is none', () => {
    const seen: unknown[] = [];
    from([1])
      .pipe(progress({ probe, size: () => NaN }))
      .subscribe({ error: (error) => seen.push(error) });
    expect(seen).toEqual([streamError('callback-failed', 'progress: size must return a number')]);
  });

  it.each([
    [{ probe: undefined }, 'probe must be a function, got undefined'],
    [{ unit: 'chunks' }, 'unit must be "bytes" or "items"'],
    [{ total: -1 }, 'total must be a number of at least 0, got -1'],
    [{ everyMs: 0 }, 'everyMs must be a whole number of at least 1, got 0'],
    [{ everyItems: 0 }, 'everyItems must be a whole number of at least 1 or Infinity, got 0'],
    [{ everyBytes: -1 }, 'everyBytes must be a whole number of at least 1 or Infinity, got -1'],
    [{ smoothing: 0 }, 'smoothing must be a number of at least 5e-324 and at most 1, got 0'],
    [{ smoothing: 2 }, 'smoothing must be a number of at least 5e-324 and at most 1, got 2'],
  ])('refuses %o', (options, message) => {
    expect(() => progress({ probe, ...(options as object) })).toThrow(message);
  });
});
