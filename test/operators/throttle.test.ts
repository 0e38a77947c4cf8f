import fc from 'fast-check';
import { asyncScheduler, filter, share, Subject, take } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { throttle, type ThrottleOptions } from '../../operators/index.js';
import { Gap } from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { lawsOf } from '../../src/testing/operator-laws.js';
import { alphabet, gap, item, type Item, listen, streamError } from './alphabet.js';

/** A token every two milliseconds, and no more than one at a time. */
const slow = { perSecond: 500, burst: 1 };

/** Checks a picture on a cold and on a hot source, and says what was reported. */
function expectThrottled(
  options: ThrottleOptions<string>,
  source: string,
  subscription: string,
  result: string,
  { values, error }: { values?: Readonly<Record<string, string>>; error?: unknown } = {},
): unknown[] {
  const reports = (['cold', 'hot'] as const).map((temperature) => {
    const { probe, heard } = listen('throttle');
    marbles(({ expectObservable, expectSubscriptions, ...make }) => {
      const input = make[temperature](source);
      expectObservable(input.pipe(throttle({ ...options, probe }))).toBe(result, values, error);
      expectSubscriptions(input.subscriptions).toBe(subscription);
    });
    return heard;
  });
  expect(reports[0]).toEqual(reports[1]);
  return reports[0]!;
}

const dropped = (items: string) => [...items].map((value) => ({ type: 'dropped', value }));

describe('throttle', () => {
  it('lets pass at once what is slow enough', () => {
    expect(expectThrottled(slow, 'a-b---c--d|', '^---------!', 'a-b---c--d|')).toEqual([]);
  });

  it('holds back what is too fast, lets the source go at its completion, and ends when nothing waits', () => {
    expect(expectThrottled(slow, 'abc|', '^--!', 'a-b-(c|)')).toEqual([]);
  });

  it('completes with the source when nothing waits', () => {
    expectThrottled(slow, 'ab----|', '^-----!', 'a-b---|');
  });

  it('lets a burst pass at once', () => {
    expectThrottled({ perSecond: 500, burst: 3 }, 'abcdefgh|', '^-------!', 'abcde-f-g-(h|)');
  });

  it('takes as much as comes in a second for a burst where none is given, at least one', () => {
    const passed = (perSecond: number) => {
      const source = new Subject<number>();
      const seen: number[] = [];
      source.pipe(throttle({ perSecond, mode: 'enforce', overflow: 'drop-newest' })).subscribe((n) => seen.push(n));
      for (let n = 0; n < 99; n++) source.next(n);
      return seen.length;
    };
    expect([passed(7), passed(0.01)]).toEqual([7, 1]);
  });

  it('counts what an item costs', () => {
    const cost = (each: string) => ({ a: 1, b: 3, c: 0 })[each]!;
    expectThrottled({ perSecond: 500, burst: 3, cost }, 'ba|', '^-!', 'b-(a|)');
    expectThrottled({ perSecond: 500, burst: 3, cost }, 'bccc|', '^---!', 'bccc|');
  });

  it('lets pass when all is quiet what costs more than a burst, and then holds back longer', () => {
    const cost = (each: string) => ({ a: 1, b: 4 })[each]!;
    expectThrottled({ perSecond: 500, burst: 2, cost }, 'ba|', '^-!', 'b-----(a|)');
    expectThrottled({ perSecond: 500, burst: 2, cost }, 'aba---|', '^-----!', 'a-b-----(a|)');
  });

  it('does not wait for the price of what was let go, or merged', () => {
    const cost = (each: string) => [...each].filter((letter) => letter === 'b').length * 2;
    const bound = { perSecond: 500, burst: 2, cost, capacity: 1 };
    expectThrottled({ ...bound, overflow: 'latest' }, 'bba|', '^--!', 'b-a|');
    const merge = (waiting: string, each: string) => each + waiting;
    expectThrottled({ ...bound, overflow: 'batch', merge }, 'bba---|', '^-----!', 'b---x-|', {
      values: { b: 'b', x: 'ab' },
    });
  });

  it('gives up what waits when the source fails', () => {
    expectThrottled(slow, 'ab#', '^-!', 'a-#');
  });

  it('fails when more would wait than may', () => {
    const error = streamError('overflow', 'throttle: 1 items are waiting');
    expectThrottled({ ...slow, capacity: 1 }, 'abc|', '^-!', 'a-#', { error });
  });

  it.each([
    ['drop-oldest', 1, 'a-c-e-(f|)', 'bd'],
    ['latest', undefined, 'a-c-e-(f|)', 'bd'],
    ['drop-newest', 1, 'a-b-d-(f|)', 'ce'],
    ['replace-newest', 2, 'a-b-c-e-(f|)', 'd'],
  ] as const)('lets go of what is too much with %s', (overflow, capacity, result, lost) => {
    const bound = capacity === undefined ? {} : { capacity };
    expect(expectThrottled({ ...slow, ...bound, overflow }, 'abcdef|', '^-----!', result)).toEqual(dropped(lost));
  });

  it('makes one of what is too much with batch', () => {
    const merge = (waiting: string, each: string) => waiting + each;
    const options = { ...slow, capacity: 1, overflow: 'batch', merge } as const;
    const values = { a: 'a', x: 'bc', y: 'de', f: 'f' };
    expect(expectThrottled(options, 'abcdef|', '^-----!', 'a-x-y-(f|)', { values })).toEqual([]);
  });

  it('stops when its consumer has enough of what waited', () => {
    const seen: string[] = [];
    marbles(({ cold, flush }) => {
      cold('ab|')
        .pipe(throttle(slow), take(2))
        .subscribe((each) => seen.push(each));
      flush();
    });
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('throttle that enforces', () => {
  const enforced = { ...slow, mode: 'enforce' } as const;

  it('fails on what is too fast', () => {
    const error = streamError('overflow', 'throttle: nothing may wait');
    expect(expectThrottled(enforced, 'a-bc', '^--!', 'a-b#', { error })).toEqual([]);
  });

  it('drops what is too fast when told to', () => {
    const options = { ...enforced, overflow: 'drop-newest' } as const;
    expect(expectThrottled(options, 'abcd|', '^---!', 'a-c-|')).toEqual(dropped('bd'));
  });
});

describe('throttle with announce', () => {
  const lost = (from: number, to: number) => gap(from, to, 'dropped');
  const enforced = { ...slow, mode: 'enforce', overflow: 'drop-newest', announce: true } as const;

  /** Checks the items and, on a line of its own, the gaps: a group would take the frames of what follows. */
  const expectGaps = (
    options: ThrottleOptions<Item>,
    [source, result, gaps]: readonly [string, string, string],
    values: Readonly<Record<string, Gap>>,
  ) => {
    const { probe, heard } = listen('throttle');
    marbles(({ hot, expectObservable }) => {
      const output = hot(source, alphabet).pipe(throttle({ ...options, probe }), share());
      const isGap = (each: Item | Gap) => each instanceof Gap;
      expectObservable(output.pipe(filter((each) => !isGap(each)))).toBe(result, alphabet);
      expectObservable(output.pipe(filter(isGap))).toBe(gaps, values);
    });
    const reported = Object.values(values).map(({ from, to, reason }) => ({ type: 'gap', from, to, reason }));
    expect(heard.filter((event) => (event as { type: string }).type === 'gap')).toEqual(reported);
  };

  it('puts a gap before what comes next, in the order of items', () =>
    expectGaps(
      { ...slow, capacity: 1, overflow: 'drop-oldest', announce: true },
      [
        'abcdef|', //
        'a-c-e-(f|)',
        '--x-y-|',
      ],
      { x: lost(1, 2), y: lost(3, 4) },
    ));

  it('puts a gap before what passes next where it enforces, and at the end', () =>
    expectGaps(
      enforced,
      [
        'abcd|', //
        'a-c-|',
        '--x-(y|)',
      ],
      { x: lost(1, 2), y: lost(3, 4) },
    ));

  it('puts what the consumer of a gap feeds in behind what passes with it', () => {
    const source = new Subject<Item>();
    const seen: unknown[] = [];
    marbles(({ flush }) => {
      source.pipe(throttle({ ...enforced, perSecond: 1000, burst: 2 })).subscribe((each) => {
        seen.push(each);
        if (each instanceof Gap) source.next(item(4));
      });
      asyncScheduler.schedule(() => [0, 1, 2].forEach((seq) => source.next(item(seq))), 0);
      asyncScheduler.schedule(() => source.next(item(3)), 2);
      flush();
    });
    expect(seen).toEqual([item(0), item(1), lost(2, 3), item(3), item(4)]);
  });

  it('stops at a gap where its consumer has enough', () => {
    const run = (enough: number) => {
      const source = new Subject<Item>();
      const seen: unknown[] = [];
      source.pipe(throttle(enforced), take(enough)).subscribe((each) => seen.push(each));
      for (const seq of [0, 1]) source.next(item(seq));
      source.complete();
      return seen;
    };
    expect(run(2)).toEqual([item(0), lost(1, 2)]);
    expect(run(1)).toEqual([item(0)]);
  });
});

describe('the cost of throttle', () => {
  it.each([
    ['not a number', 'got NaN', NaN],
    ['less than nothing', 'got a negative number', -1],
    ['without end', 'got Infinity', Infinity],
  ])('is refused when it is %s', (_, why, cost) => {
    const error = streamError('callback-failed', 'throttle: cost must return a number of at least 0', why);
    expectThrottled({ ...slow, cost: () => cost }, '-a-', '^!', '-#', { error });
  });

  it('ends the stream when it goes wrong for what waits', () => {
    let asked = 0;
    const cost = () => (asked++ % 3 === 2 ? NaN : 1);
    expectThrottled({ ...slow, cost }, 'ab--', '^-!', 'a-#', { error: streamError('callback-failed') });
  });
});

describe('the timer of throttle', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is one, while something waits', () => {
    const source = new Subject<number>();
    const subscription = source.pipe(throttle(slow)).subscribe();
    const timers = [0, 1, 2].map((n) => {
      source.next(n);
      return vi.getTimerCount();
    });
    expect(timers).toEqual([0, 1, 1]);
    vi.advanceTimersByTime(4);
    expect(vi.getTimerCount()).toBe(0);
    for (const n of [3, 4]) source.next(n);
    expect(vi.getTimerCount()).toBe(1);
    subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the bounds of throttle', () => {
  it('are checked at the call', () => {
    const call = (options: object) => () => throttle(options as ThrottleOptions);
    expect(call({})).toThrow(new TypeError('perSecond must be a number, got undefined'));
    expect(call({ perSecond: 0 })).toThrow(new RangeError('perSecond must be a number of at least 0.001, got 0'));
    expect(call({ perSecond: 9, burst: 0 })).toThrow(new RangeError('burst must be a number of at least 1, got 0'));
    expect(call({ perSecond: 9, mode: 'drop' })).toThrow(new TypeError('mode must be "shape" or "enforce"'));
    expect(call({ perSecond: 9, capacity: -1 })).toThrow('capacity must be a whole number of at least 0 or Infinity');
    expect(call({ perSecond: 9, mode: 'enforce', capacity: 9 })).toThrow('capacity must be a whole number');
    expect(call({ perSecond: 9, mode: 'enforce', overflow: 'latest' })).toThrow(
      new TypeError('overflow must be "error" or "drop-newest" when mode is "enforce"'),
    );
  });

  it('hold in memory', () => {
    const stuck = () => throttle<object>({ perSecond: 0.001, capacity: 4, overflow: 'drop-oldest' });
    const laws = lawsOf('throttle', stuck, { item: (n) => ({ n }), holds: 4 });
    return laws.find(({ title }) => title === 'holds at most 4 items')!.check();
  });
});

describe.each(['shape', 'enforce'] as const)('throttle in the mode %s', (mode) => {
  const fast = { perSecond: 1_000_000, mode };
  operatorLaws<number>('throttle', (probe) => throttle<number>({ ...fast, probe }), {
    throwing: { cost: (boom) => throttle<number>({ ...fast, cost: boom }) },
  });
  operatorLaws<object>('throttle', () => throttle<object>({ ...fast, cost: () => 0 }), {
    item: (n) => ({ n }),
    holds: 0,
  });
});

describe('throttle beside the plainest program', () => {
  interface Played {
    readonly arrivals: readonly { readonly pause: number; readonly cost: number }[];
    readonly perSecond: number;
    readonly burst: number;
    readonly capacity: number;
    readonly overflow: 'drop-oldest' | 'drop-newest';
  }

  /** Frame by frame, in thousandths of a token. */
  function simulate({ arrivals, perSecond, burst, capacity, overflow }: Played) {
    const passed: string[] = [];
    const dropped: number[] = [];
    const queue: number[] = [];
    let tokens = burst * 1000;
    let next = 0;
    let nextAt = arrivals[0]?.pause ?? 0;
    const drain = (frame: number) => {
      while (queue.length > 0 && tokens >= Math.min(burst, arrivals[queue[0]!]!.cost) * 1000) {
        tokens -= arrivals[queue[0]!]!.cost * 1000;
        passed.push(`${queue.shift()} at ${frame}`);
      }
    };
    for (let frame = 0; frame < 3000; frame++) {
      if (frame > 0) tokens = Math.min(burst * 1000, tokens + perSecond);
      for (; next < arrivals.length && nextAt === frame; nextAt += arrivals[++next]?.pause ?? 0) {
        const [first] = queue;
        queue.push(next);
        if (queue.length > capacity) dropped.push(overflow === 'drop-newest' ? queue.pop()! : queue.shift()!);
        if (queue[0] !== first) drain(frame);
      }
      drain(frame);
    }
    return { passed, dropped };
  }

  const arrival = fc.record({ pause: fc.nat({ max: 6 }), cost: fc.nat({ max: 4 }) });
  const played: fc.Arbitrary<Played> = fc.record({
    arrivals: fc.array(arrival, { maxLength: 40 }),
    perSecond: fc.constantFrom(100, 333, 500, 1000, 2500),
    burst: fc.integer({ min: 1, max: 5 }),
    capacity: fc.integer({ min: 1, max: 5 }),
    overflow: fc.constantFrom('drop-oldest', 'drop-newest'),
  });

  const play = ({ arrivals, ...options }: Played, mode: 'shape' | 'enforce' = 'shape') => {
    const { probe, heard } = listen('throttle');
    const passed: { readonly n: number; readonly at: number }[] = [];
    marbles(({ flush }) => {
      const source = new Subject<number>();
      let at = 0;
      for (const [n, { pause }] of arrivals.entries()) asyncScheduler.schedule(() => source.next(n), (at += pause));
      source
        .pipe(throttle({ ...options, mode, cost: (n) => arrivals[n]!.cost, probe }))
        .subscribe((n) => passed.push({ n, at: asyncScheduler.now() }));
      flush();
    });
    return { passed, dropped: heard.map((event) => (event as { value: number }).value) };
  };

  it('does the same', () => {
    fc.assert(
      fc.property(played, (program) => {
        const { passed, dropped } = play(program);
        const { passed: expected, dropped: expectedDropped } = simulate(program);
        expect(passed.map(({ n, at }) => `${n} at ${at}`)).toEqual(expected);
        expect(dropped).toEqual(expectedDropped);
      }),
    );
  });

  it('never lets more pass in any time than a burst and what comes in it', () => {
    fc.assert(
      fc.property(played, fc.constantFrom('shape' as const, 'enforce' as const), (program, mode) => {
        const { arrivals, perSecond } = program;
        const burst = Math.max(program.burst, 4);
        const bounds = mode === 'enforce' ? { capacity: 0, overflow: 'drop-newest' as const } : {};
        const { passed } = play({ ...program, ...bounds, burst }, mode);
        for (const [first, { at: since }] of passed.entries()) {
          let sum = 0;
          for (const { n, at } of passed.slice(first)) {
            sum += arrivals[n]!.cost * 1000;
            expect(sum).toBeLessThanOrEqual(burst * 1000 + (at - since) * perSecond);
          }
        }
      }),
    );
  });
});
