import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { fanOut, type FanOutOptions } from '../../operators/index.js';
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

  it('retains replay and end for a while, which no newcomer prolongs, then starts anew', () =>
    story(
      'cold',
      { replay: { count: 9 }, retainMs: 5 },
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

  it('gives a newcomer nothing that a late timer has left too old', () => {
    vi.useFakeTimers({ now: 0 });
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { maxAgeMs: 5 } }));
    const subscription = shared.subscribe();
    source.next(1);
    vi.setSystemTime(5);
    const seen: number[] = [];
    subscription.add(shared.subscribe((n) => seen.push(n)));
    expect(seen).toEqual([]);
    subscription.unsubscribe();
    vi.useRealTimers();
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

  it('keeps no process alive by what it only keeps', () => {
    const alive = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = alive();
    const source = new Subject<number>();
    const left = source.pipe(fanOut({ replay: { maxAgeMs: 60_000 }, graceMs: 60_000 })).subscribe();
    const ended = source.pipe(fanOut({ retainMs: 1000 }));
    ended.subscribe();
    source.next(1);
    left.unsubscribe();
    expect(alive()).toBe(before);
    source.complete();
    expect(alive()).toBe(before);
  });

  it('refuses options that are none', () => {
    expect(() => fanOut({ graceMs: -1 })).toThrow('graceMs must be a whole number of at least 0, got -1');
    expect(() => fanOut({ retainMs: 0.5 })).toThrow(RangeError);
    expect(() => fanOut({ maxSubscribers: 0 })).toThrow('maxSubscribers must be a whole number of at least 1');
    expect(() => fanOut({ replay: {} })).toThrow('fanOut: replay needs count, bytes or maxAgeMs');
  });
});
