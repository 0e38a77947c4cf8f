import { filter, map, NEVER, Observable, of, share, Subject, take, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { backpressure, type BackpressureOptions, type WorkContext } from '../../operators/index.js';
import { Gap, type StreamError } from '../../src/chunk/index.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { asyncMarbles, marbles, operatorLaws } from '../../src/testing/index.js';
import { lawsOf } from '../../src/testing/operator-laws.js';
import { alphabet, gap, item, type Item, listen, streamError } from './alphabet.js';

const atOnce = <T>(item: T) => [item];

for (const overflow of ['error', 'drop-oldest', 'drop-newest', 'replace-newest', 'batch'] as const) {
  const merge = (waiting: number, each: number) => waiting + each;
  operatorLaws<number>('backpressure', (probe) => backpressure(atOnce<number>, { overflow, merge, probe }), {
    flat: true,
    throwing: { project: (boom) => backpressure<number, number>(boom, { overflow, merge }) },
  });
}
operatorLaws('backpressure', () => backpressure((item: object) => of(item), { concurrency: 3 }), {
  item: (n) => ({ n }),
  holds: 0,
});
/** Three milliseconds of work. */
const work = <T>(item: T) => timer(3).pipe(map(() => item));

/** Checks a picture on a cold and on a hot source, and says what was reported. */
function expectQueue(
  options: BackpressureOptions<string>,
  source: string,
  subscription: string,
  result: string,
  values?: Readonly<Record<string, string>>,
): unknown[] {
  const reports = (['cold', 'hot'] as const).map((temperature) => {
    const { probe, heard } = listen('backpressure');
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](source);
      const error = streamError('overflow', `${options.capacity} items are waiting`);
      expectObservable(input.pipe(backpressure(work, { ...options, probe }))).toBe(result, values, error);
      expectSubscriptions(input.subscriptions).toBe(subscription);
    });
    return heard;
  });
  expect(reports[0]).toEqual(reports[1]);
  return reports[0]!;
}

const dropped = (items: string) => [...items].map((value) => ({ type: 'dropped', value }));

describe('backpressure', () => {
  it('works on one after another when it keeps up', () => {
    expect(expectQueue({}, 'a--b--c|', '^------!', '---a--b--(c|)')).toEqual([]);
  });

  it('queues what comes while it works, lets the source go at its completion, and ends when all is done', () => {
    expect(expectQueue({}, 'abc|', '^--!', '---a--b--(c|)')).toEqual([]);
  });

  it('fails when the queue is full', () => {
    expect(expectQueue({ capacity: 2 }, 'abcd|', '^--!', '---#')).toEqual([]);
  });

  it('drops what comes when told to drop the newest', () => {
    const options = { capacity: 2, overflow: 'drop-newest' } as const;
    expect(expectQueue(options, 'abcdef|', '^-----!', '---a--b--c--(e|)')).toEqual(dropped('df'));
  });

  it('drops what waited longest when told to drop the oldest', () => {
    const options = { capacity: 2, overflow: 'drop-oldest' } as const;
    expect(expectQueue(options, 'abcdef|', '^-----!', '---a--c--e--(f|)')).toEqual(dropped('bd'));
  });

  it('keeps only the newest when told to keep the latest', () => {
    expect(expectQueue({ overflow: 'latest' }, 'abcdef|', '^-----!', '---a--d--(f|)')).toEqual(dropped('bce'));
  });

  it('puts what comes in the place of the youngest waiting when told to replace the newest', () => {
    const options = { capacity: 2, overflow: 'replace-newest' } as const;
    expect(expectQueue(options, 'abcdef|', '^-----!', '---a--b--d--(f|)')).toEqual(dropped('ce'));
  });

  it('makes one of what waits and what comes when told to batch, and loses nothing', () => {
    const merge = (waiting: string, each: string) => waiting + each;
    const options = { capacity: 1, overflow: 'batch', merge } as const;
    const values = { a: 'a', x: 'bcd', y: 'ef' };
    expect(expectQueue(options, 'abcdef|', '^-----!', '---a--x--(y|)', values)).toEqual([]);
  });

  it('fails when more would be made one than allowed', () => {
    const merge = (waiting: string, each: string) => waiting + each;
    const options = { capacity: 1, overflow: 'batch', merge, maxMerged: 2 } as const;
    expect(expectQueue(options, 'abcd|', '^--!', '---#')).toEqual([]);
  });

  it('drops everything while it works when nothing may wait', () => {
    const options = { capacity: 0, overflow: 'drop-newest' } as const;
    expect(expectQueue(options, 'abcdef|', '^-----!', '---a---(e|)')).toEqual(dropped('bcdf'));
  });

  it('works on several at a time', () => {
    expect(expectQueue({ concurrency: 2 }, 'abcd|', '^---!', '---ab-c(d|)')).toEqual([]);
  });

  it('gives up what waits and runs when the source fails', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('ab#').pipe(backpressure(work))).toBe('--#');
    }));

  it('gives up what waits and runs when the work fails', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('ab----c');
      const failing = cold('--x#');
      const output = source.pipe(backpressure((item: string) => (item === 'b' ? failing : work(item))));
      expectObservable(output).toBe('---a-x#');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      expectSubscriptions(failing.subscriptions).toBe('---^--!');
    }));

  it('lets source and work go when unsubscribed', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('ab----c');
      const working = cold('--x--y');
      expectObservable(source.pipe(backpressure(() => working)), '^---!').toBe('--x--');
      expectSubscriptions(source.subscriptions).toBe('^---!');
      expectSubscriptions(working.subscriptions).toBe('^---!');
    }));

  it('does not report what it gives up at the end', () => {
    const { probe, heard } = listen('backpressure');
    const source = new Subject<number>();
    const subscription = source.pipe(backpressure(() => NEVER, { probe })).subscribe();
    for (let n = 0; n < 9; n++) source.next(n);
    subscription.unsubscribe();
    expect(heard).toEqual([]);
  });

  it('names the stream in an overflow, where the items say it', () => {
    const errorOf = (first: unknown) => {
      let error: unknown;
      const source = new Subject<unknown>();
      source.pipe(backpressure(() => NEVER, { capacity: 0 })).subscribe({ error: (e) => (error = e) });
      source.next(first);
      source.next(first);
      return (error as StreamError).details;
    };
    expect(errorOf(alphabet['a'])).toEqual({ operator: 'backpressure', streamId: 's' });
    for (const item of [null, undefined, 'a', {}]) expect(errorOf(item)).toEqual({ operator: 'backpressure' });
  });
});

describe('backpressure with announce', () => {
  const lost = (from: number, to: number) => gap(from, to, 'dropped');

  /** Checks the results and, on a line of its own, the gaps: a group would take the frames of what follows. */
  const expectGaps = (
    options: BackpressureOptions<Item>,
    [source, result, gaps]: readonly [string, string, string],
    values: Readonly<Record<string, Gap>>,
  ) => {
    const { probe, heard } = listen('backpressure');
    marbles(({ hot, expectObservable }) => {
      const output = hot(source, alphabet).pipe(
        backpressure(work<Item>, { ...options, announce: true, probe }),
        share(),
      );
      const isGap = (each: Item | Gap) => each instanceof Gap;
      expectObservable(output.pipe(filter((each) => !isGap(each)))).toBe(result, alphabet);
      expectObservable(output.pipe(filter(isGap))).toBe(gaps, values);
    });
    const reported = Object.values(values).map(({ from, to, reason }) => ({ type: 'gap', from, to, reason }));
    expect(heard.filter((event) => (event as ProbeEvent).type === 'gap')).toEqual(reported);
  };

  it('puts a gap before what waits where the oldest was dropped', () =>
    expectGaps(
      { capacity: 2, overflow: 'drop-oldest' },
      [
        'abcdef|', //
        '---a--c--e--(f|)',
        '---x--y-----|',
      ],
      { x: lost(1, 2), y: lost(3, 4) },
    ));

  it('puts a gap behind what waits where the newest was dropped, also at the very end', () =>
    expectGaps(
      { capacity: 2, overflow: 'drop-newest' },
      [
        'abcdef|', //
        '---a--b--c--(e|)',
        '---------x--(y|)',
      ],
      { x: lost(3, 4), y: lost(5, 6) },
    ));

  it('puts a gap before the one that came where the newest was replaced', () =>
    expectGaps(
      { capacity: 2, overflow: 'replace-newest' },
      [
        'abcdef|', //
        '---a--b--d--(f|)',
        '------x--y--|',
      ],
      { x: lost(2, 3), y: lost(4, 5) },
    ));

  it('puts what was lost in a row into one gap', () => {
    expectGaps(
      { overflow: 'latest' },
      [
        'abcdef|', //
        '---a--d--(f|)',
        '---x--y--|',
      ],
      { x: lost(1, 3), y: lost(4, 5) },
    );
    expectGaps(
      { capacity: 0, overflow: 'drop-newest' },
      [
        'abcdef|', //
        '---a---(e|)',
        '---x---(y|)',
      ],
      { x: lost(1, 4), y: lost(5, 6) },
    );
  });

  it('stops between gaps once its consumer has had enough', () => {
    const source = new Subject<Item>();
    const jobs: Subject<Item>[] = [];
    const seen: unknown[] = [];
    const project = () => (jobs[jobs.length] = new Subject<Item>());
    const options = { capacity: 1, overflow: 'drop-oldest', announce: true } as const;
    source.pipe(backpressure(project, options), take(1)).subscribe((each) => seen.push(each));
    for (const streamId of ['w', 'x', 'y', 'z']) source.next({ streamId, seq: 0 });
    jobs[0]!.complete();
    expect(seen).toEqual([new Gap('x', 0, 1, 'dropped')]);
    expect(jobs).toHaveLength(1);
    expect(source.observed).toBe(false);
  });

  it('finds room for what the consumer of a gap feeds back', () => {
    const source = new Subject<Item>();
    const jobs: Subject<Item>[] = [];
    const seen: unknown[] = [];
    const project = ({ seq }: Item) => (jobs[seq] = new Subject<Item>());
    const options = { capacity: 1, overflow: 'drop-oldest', announce: true } as const;
    source.pipe(backpressure(project, options)).subscribe((each) => {
      seen.push(each);
      if (seen.length === 1) for (const seq of [3, 4]) source.next(item(seq));
    });
    for (const seq of [0, 1, 2]) source.next(item(seq));
    // Three wait now, for the slot that is free and the one place behind it: the oldest goes.
    jobs[0]!.complete();
    expect(seen).toEqual([lost(1, 2), lost(2, 3)]);
    expect(Object.keys(jobs)).toEqual(['0', '3']);
  });
});

describe('the work of backpressure', () => {
  it('may be a promise, an async iterable or anything else RxJS can subscribe to', () =>
    asyncMarbles(({ cold, expectObservable }) => {
      const sleep = () => new Promise((resolve) => setTimeout(resolve, 2));
      async function promise(item: string) {
        await sleep();
        return item;
      }
      async function* iterable(item: string) {
        yield item.toLowerCase();
        await sleep();
        yield item;
      }
      expectObservable(cold('ab|').pipe(backpressure(promise))).toBe('--a-(b|)');
      expectObservable(cold('A----B|').pipe(backpressure(iterable))).toBe('a-A--b-(B|)');
      expectObservable(cold('a---(b|)').pipe(backpressure((item) => [item, item]))).toBe('(aa)(bb|)');
    }));

  it.each([
    ['text', 'word', 'got a string'],
    ['bytes', new Uint8Array(2), 'got bytes'],
    ['nothing', undefined, "You provided 'undefined'"],
  ])('is refused when it gives %s, which is no stream of results', (_, given, why) =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a');
      const project = () => given as unknown as string[];
      expectObservable(source.pipe(backpressure(project))).toBe('-#', undefined, streamError('callback-failed', why));
      expectSubscriptions(source.subscriptions).toBe('^!');
    }),
  );

  it('is told when its result is no longer wanted', () => {
    const source = new Subject<number>();
    const signals: AbortSignal[] = [];
    const contexts: WorkContext[] = [];
    const project = (n: number, context: WorkContext): Observable<number> => {
      contexts.push(context);
      if (n < 2) signals.push(context.signal);
      return n === 0 ? of(n) : NEVER;
    };
    const subscription = source.pipe(backpressure(project, { concurrency: 2 })).subscribe();
    for (const n of [0, 1, 2]) source.next(n);
    subscription.unsubscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    // Asked for only now, the answer is the same.
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([false, true, true]);
    expect(contexts[1]!.signal).toBe(signals[1]);
  });

  it('is not subscribed when it has ended the stream itself', () => {
    const source = new Subject<number>();
    let subscribed = false;
    const results = new Observable<number>(() => void (subscribed = true));
    const project = () => {
      subscription.unsubscribe();
      return results;
    };
    const subscription = source.pipe(backpressure(project)).subscribe();
    source.next(1);
    expect(subscribed).toBe(false);
  });

  it('is told when other work has failed', () => {
    const source = new Subject<number>();
    let signal: AbortSignal | undefined;
    const project = (n: number, context: WorkContext): Observable<number> => {
      if (n === 1) return throwError(() => new Error('no'));
      signal = context.signal;
      return NEVER;
    };
    source.pipe(backpressure(project, { concurrency: 2 })).subscribe({ error: () => {} });
    source.next(0);
    source.next(1);
    expect(signal!.aborted).toBe(true);
  });
});

describe('the bounds of backpressure', () => {
  it('hold, and every item is either worked on or reported', () => {
    const { probe, heard } = listen('backpressure');
    const source = new Subject<number>();
    const begun: number[] = [];
    const project = (n: number) => (begun.push(n), NEVER);
    source.pipe(backpressure(project, { concurrency: 3, capacity: 5, overflow: 'drop-oldest', probe })).subscribe();
    for (let n = 0; n < 1000; n++) source.next(n);
    expect(begun).toEqual([0, 1, 2]);
    expect(heard).toEqual(Array.from({ length: 992 }, (_, n) => ({ type: 'dropped', value: n + 3 })));
  });

  it('hold in memory too, and nothing is held for work that never ends once it is given up', () => {
    const never = new Promise<object>(() => {});
    const stuck = () => backpressure<object, object>(() => never, { capacity: 4, overflow: 'drop-oldest' });
    const laws = lawsOf('backpressure', stuck, { item: (n) => ({ n }), holds: 5 });
    return laws.find(({ title }) => title === 'holds at most 5 items')!.check();
  });

  it('may be lifted, in so many words', () => {
    const source = new Subject<number>();
    const begun: number[] = [];
    const project = (n: number) => (begun.push(n), NEVER);
    source.pipe(backpressure(project, { concurrency: Infinity, capacity: Infinity })).subscribe();
    for (let n = 0; n < 1000; n++) source.next(n);
    expect(begun).toHaveLength(1000);
  });

  it('are checked at the call', () => {
    const call = (options: object) => () => backpressure(atOnce, options);
    expect(call({ capacity: -1 })).toThrow('capacity must be a whole number of at least 0 or Infinity, got -1');
    expect(call({ capacity: 0, overflow: 'drop-oldest' })).toThrow('capacity must be a whole number of at least 1');
    expect(call({ capacity: 2, overflow: 'latest' })).toThrow('at least 1 and at most 1');
    expect(call({ concurrency: 0 })).toThrow('concurrency must be a whole number of at least 1 or Infinity, got 0');
    expect(call({ overflow: 'drop' })).toThrow(
      'overflow must be one of error, drop-oldest, drop-newest, replace-newest, latest, batch, got a string',
    );
    expect(call({ overflow: 'batch' })).toThrow('merge must be a function when overflow is "batch", got undefined');
    expect(call({ maxMerged: 1 })).toThrow('maxMerged must be a whole number of at least 2 or Infinity, got 1');
  });
});
