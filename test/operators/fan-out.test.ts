import { config, defer, EMPTY, NEVER, Observable, of, Subject, Subscriber, take, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { fanOut, type FanOutOptions } from '../../operators/index.js';
import { StreamError } from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';

operatorLaws('fanOut', () => fanOut<number>(), { shared: true, flat: true });
operatorLaws('fanOut', () => fanOut<number>({ replay: { count: 3, bytes: 100, maxAgeMs: 1000, size: () => 1 } }), {
  shared: true,
  flat: true,
  throwing: { size: (boom) => fanOut<number>({ replay: { bytes: 100, size: boom } }) },
});
operatorLaws('fanOut', () => fanOut<{ n: number }>({ replay: { count: 100 } }), {
  item: (n) => ({ n }),
  shared: true,
  holds: 100,
});

/** Subscribers, each by the line of its life and the line of what it sees; and the source's own life. */
interface Story {
  readonly source: string;
  readonly subscriptions: string | string[];
  readonly seen: readonly (readonly [life: string, result: string])[];
  readonly error?: unknown;
}

function story(
  temperature: 'hot' | 'cold',
  options: FanOutOptions<string>,
  { source, subscriptions, seen, error }: Story,
) {
  marbles(({ expectObservable, expectSubscriptions, ...make }) => {
    const input = make[temperature](source);
    const shared = input.pipe(fanOut(options));
    for (const [life, result] of seen) expectObservable(shared, life).toBe(result, undefined, error);
    expectSubscriptions(input.subscriptions).toBe(subscriptions);
  });
}

describe('fanOut', () => {
  it('gives everyone the same, from one subscription', () =>
    story(
      'cold',
      {},
      {
        source: '       -a-b-c-|',
        subscriptions: '^------!',
        seen: [
          ['            ^-------', '-a-b-c-|'],
          ['            --^-----', '---b-c-|'],
          ['            --^-!---', '---b----'],
        ],
      },
    ));

  it('gives everyone the error', () =>
    story(
      'cold',
      {},
      {
        source: '       -a-#',
        subscriptions: '^--!',
        seen: [
          ['            ^----', '-a-#'],
          ['            --^--', '---#'],
        ],
      },
    ));

  it('gives a newcomer the replay at once, then what comes', () =>
    story(
      'hot',
      { replay: { count: 2 } },
      {
        source: '       -a-b-c------d-e|',
        subscriptions: '^--------------!',
        seen: [
          ['            ^---------------', '-a-b-c------d-e|'],
          ['            ------^---------', '------(bc)--d-e|'],
        ],
      },
    ));

  it('gives a newcomer nothing that is too old, and lets go of it while nothing comes', () =>
    story(
      'hot',
      { replay: { maxAgeMs: 5 } },
      {
        source: '       -a-b-----------c|',
        subscriptions: '^---------------!',
        seen: [
          ['            ^----------------', '-a-b-----------c|'],
          ['            -------^---------', '-------b-------c|'],
          ['            ----------^------', '---------------c|'],
        ],
      },
    ));

  it('gives a newcomer no more bytes than it may', () =>
    story(
      'hot',
      { replay: { bytes: 3, size: (item) => (item === 'C' ? 2 : 1) } },
      {
        source: '       -a-b-C------d-|',
        subscriptions: '^-------------!',
        seen: [
          ['            ^--------------', '-a-b-C------d-|'],
          ['            ------^--------', '------(bC)--d-|'],
        ],
      },
    ));

  it('starts the source with the first subscriber, stops it with the last, and forgets', () =>
    story(
      'cold',
      { replay: { count: 9 } },
      {
        source: '        -a-b-c-',
        subscriptions: ['^---!', '------^--!'],
        seen: [
          ['             ^--!------', '-a-'],
          ['             --^-!-----', '--ab'],
          ['             ------^--!', '-------a-'],
        ],
      },
    ));

  it('starts the source again after it has ended', () => {
    for (const end of ['|', '#']) {
      story(
        'cold',
        { replay: { count: 9 } },
        {
          source: `       -a${end}`,
          subscriptions: ['^-!', '----^-!'],
          seen: [
            ['            ^------', `-a${end}`],
            ['            ----^--', `-----a${end}`],
          ],
        },
      );
    }
  });

  it('keeps the source running for a while after the last has left', () =>
    story(
      'hot',
      { replay: { count: 2 }, graceMs: 3 },
      {
        source: '       -a-bc-------',
        subscriptions: '^---------!',
        seen: [
          ['            ^--!--------', '-a--'],
          ['            -----^-!----', '-----(bc)'],
        ],
      },
    ));

  it('starts anew when nobody came in that time', () =>
    story(
      'cold',
      { replay: { count: 2 }, graceMs: 3 },
      {
        source: '        -a-------',
        subscriptions: ['^----!', '-------^----!'],
        seen: [
          ['             ^-!------', '-a-'],
          ['             -------^-!', '--------a'],
        ],
      },
    ));

  it('keeps replay and end of what ended while nobody listened, and starts nothing anew', () =>
    story(
      'cold',
      { replay: { count: 9 }, graceMs: 10, retainMs: 20 },
      {
        source: '       -ab|',
        subscriptions: '^--!',
        seen: [
          ['            ^-!-----', '-a-'],
          ['            ------^-', '------(ab|)'],
        ],
      },
    ));

  it('keeps them for the rest of the grace, although they are retained no longer', () => {
    for (const retainMs of [0, 1]) {
      story(
        'cold',
        { replay: { count: 9 }, graceMs: 6, retainMs },
        {
          source: '        -ab|',
          subscriptions: ['^--!', '---------^--!'],
          seen: [
            ['             ^-!-----------', '-a-'],
            ['             -------^------', '-------(ab|)'],
            ['             ---------^----', '----------ab|'],
          ],
        },
      );
    }
  });

  it('keeps an error of that time too', () =>
    story(
      'cold',
      { replay: { count: 9 }, graceMs: 6 },
      {
        source: '       -ab#',
        subscriptions: '^--!',
        seen: [
          ['            ^-!-----', '-a-'],
          ['            ------^-', '------(ab#)'],
        ],
      },
    ));

  it('retains replay and end for a while, then starts anew', () =>
    story(
      'cold',
      { replay: { count: 9 }, retainMs: 3 },
      {
        source: '        -a|',
        subscriptions: ['^-!', '--------^-!'],
        seen: [
          ['             ^----------', '-a|'],
          ['             ----^------', '----(a|)'],
          ['             --------^--', '---------a|'],
        ],
      },
    ));

  it('retains replay and error', () =>
    story(
      'cold',
      { replay: { count: 9 }, retainMs: 5 },
      {
        source: '       -a#',
        subscriptions: '^-!',
        seen: [
          ['            ^------', '-a#'],
          ['            ----^--', '----(a#)'],
        ],
      },
    ));

  it('refuses those beyond the limit, until one has left', () => {
    const error = streamError('limit-reached', '1 subscribers already');
    story(
      'hot',
      { maxSubscribers: 1 },
      {
        source: '       -a-b-c-|',
        subscriptions: ['^--!', '----^--!'],
        seen: [
          ['            ^--!----', '-a--'],
          ['            -^------', '-#'],
          ['            ----^---', '-----c-|'],
        ],
        error,
      },
    );
  });

  it('leaves no timer behind, whatever was kept', () => {
    vi.useFakeTimers();
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { maxAgeMs: 1000 }, graceMs: 50, retainMs: 100 }));
    const subscription = shared.subscribe();
    source.next(1);
    subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(2);
    vi.advanceTimersByTime(50);
    expect(vi.getTimerCount()).toBe(0);
    expect(source.observed).toBe(false);
    shared.subscribe();
    source.complete();
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('refuses options that are none', () => {
    expect(() => fanOut({ graceMs: -1 })).toThrow('graceMs must be a whole number of at least 0, got -1');
    expect(() => fanOut({ retainMs: 0.5 })).toThrow(RangeError);
    expect(() => fanOut({ maxSubscribers: 0 })).toThrow('maxSubscribers must be a whole number of at least 1');
    expect(() => fanOut({ replay: {} })).toThrow('fanOut: replay needs count, bytes or maxAgeMs');
  });
});

describe('fanOut under re-entrancy', () => {
  it('shows everyone the same order when a subscriber feeds the source', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut());
    const seen: string[] = [];
    shared.subscribe((n) => {
      seen.push(`a${n}`);
      if (n < 3) source.next(n + 1);
    });
    shared.subscribe((n) => seen.push(`b${n}`));
    source.next(1);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });

  it('ends behind what was fed before the end', () => {
    for (const end of ['complete', 'error'] as const) {
      const source = new Subject<number>();
      const seen: unknown[] = [];
      source.pipe(fanOut()).subscribe({
        next: (n) => {
          seen.push(n);
          if (n !== 1) return;
          source.next(2);
          source[end]('over');
        },
        error: () => seen.push('error'),
        complete: () => seen.push('complete'),
      });
      source.next(1);
      expect(seen).toEqual([1, 2, end]);
    }
  });

  it('leaves no gap and no duplicate when the source is fed during a replay', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 9 } }));
    const [first, second]: number[][] = [[], []];
    shared.subscribe((n) => first!.push(n));
    for (const n of [1, 2, 3]) source.next(n);
    shared.subscribe((n) => {
      second!.push(n);
      if (n === 2) source.next(4);
    });
    source.next(5);
    expect(first).toEqual([1, 2, 3, 4, 5]);
    expect(second).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends after a replay during which the source completed', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 9 } }));
    shared.subscribe();
    for (const n of [1, 2]) source.next(n);
    const seen: unknown[] = [];
    shared.subscribe({
      next: (n) => {
        seen.push(n);
        if (n === 1) source.complete();
      },
      complete: () => seen.push('complete'),
    });
    expect(seen).toEqual([1, 2, 'complete']);
  });

  it('gives who subscribes inside next the current item once, then what comes', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 9 } }));
    const late: number[] = [];
    let subscribed = false;
    shared.subscribe((n) => {
      if (n !== 2 || subscribed) return;
      subscribed = true;
      shared.subscribe((each) => late.push(each));
    });
    for (const n of [1, 2, 3]) source.next(n);
    expect(late).toEqual([1, 2, 3]);
  });

  it('stops a replay when its consumer has had enough', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 9 } }));
    shared.subscribe();
    for (const n of [1, 2, 3]) source.next(n);
    const seen: number[] = [];
    shared.pipe(take(2)).subscribe((n) => seen.push(n));
    expect(seen).toEqual([1, 2]);
  });

  it('does not start the source for who has left by then, nor fails over it', () => {
    let started = 0;
    const shared = defer(() => (started++, NEVER)).pipe(fanOut());
    const left = new Subscriber();
    left.unsubscribe();
    shared.subscribe(left);
    expect(started).toBe(0);
  });

  it('starts the source anew for who subscribes again on hearing of the end', () => {
    const lives = [of(1), of(2)];
    const shared = defer(() => lives.shift() ?? EMPTY).pipe(fanOut());
    const seen: unknown[] = [];
    shared.subscribe({ complete: () => shared.subscribe((n) => seen.push(n)) });
    expect(seen).toEqual([2]);
  });

  it('starts the source anew for who leaves and comes back inside next', () => {
    const source = new Subject<number>();
    let started = 0;
    const shared = defer(() => (started++, source)).pipe(fanOut({ replay: { count: 9 } }));
    const seen: number[] = [];
    const first = shared.subscribe(() => {
      first.unsubscribe();
      shared.subscribe((n) => seen.push(n));
    });
    source.next(1);
    source.next(2);
    expect(started).toBe(2);
    expect(seen).toEqual([2]);
  });

  it('does not deliver to who has been unsubscribed by who came before', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut());
    const seen: number[] = [];
    shared.subscribe(() => second.unsubscribe());
    const second = shared.subscribe((n) => seen.push(n));
    source.next(1);
    expect(seen).toEqual([]);
  });

  it('stops feeding that never ends', () => {
    const source = new Subject<number>();
    const seen: unknown[] = [];
    source.pipe(fanOut()).subscribe({
      next: () => {
        for (let n = 0; n < 100_000; n++) source.next(n);
      },
      error: (error) => seen.push(error),
    });
    source.next(0);
    expect(seen).toEqual([streamError('overflow', 'fed back more than 65536 items')]);
    expect(source.observed).toBe(false);
  });
});

describe('the subscribers of fanOut', () => {
  it('get on with it when the consumer of one throws', () => {
    vi.useFakeTimers();
    const { onUnhandledError } = config;
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 2 } }));
    const seen: number[] = [];
    shared.subscribe(() => {
      throw new Error('no');
    });
    shared.subscribe((n) => seen.push(n));
    for (const n of [1, 2]) source.next(n);
    vi.runAllTimers();
    expect(seen).toEqual([1, 2]);
    expect(unhandled).toHaveLength(2);
    config.onUnhandledError = onUnhandledError;
    vi.useRealTimers();
  });

  it('get on with it when one throws that RxJS does not guard, which hears of it alone', () => {
    class Unguarded extends Subscriber<number> {
      heard: unknown;
      protected override _next(): void {
        throw new Error('no');
      }
      protected override _error(error: unknown): void {
        this.heard = error;
        this.unsubscribe();
      }
    }
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 2 } }));
    const [live, late] = [new Unguarded(), new Unguarded()];
    const seen: number[] = [];
    shared.subscribe(live);
    shared.subscribe((n) => seen.push(n));
    source.next(1);
    shared.subscribe(late);
    source.next(2);
    expect(seen).toEqual([1, 2]);
    expect([live.heard, late.heard]).toEqual([new Error('no'), new Error('no')]);
  });

  it('all hear of a size that is none', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { bytes: 9, size: (n) => n } }));
    const errors: unknown[] = [];
    for (let n = 0; n < 2; n++) shared.subscribe({ error: (error) => errors.push(error) });
    source.next(1);
    source.next(-1);
    const error = new StreamError(
      'callback-failed',
      'fanOut: size must return a number of at least 0, got a negative number',
      {
        operator: 'fanOut',
      },
    );
    expect(errors).toEqual([error, error]);
    expect(source.observed).toBe(false);
  });

  it('all hear of a source that fails while it is subscribed', () => {
    const errors: unknown[] = [];
    const failing = new Observable<number>(() => {
      throw new Error('no');
    });
    for (const source of [failing, throwError(() => new Error('no'))]) {
      source.pipe(fanOut()).subscribe({ error: (error) => errors.push(error) });
    }
    expect(errors).toEqual([new Error('no'), new Error('no')]);
  });
});
