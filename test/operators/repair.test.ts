import { mergeMap, Subject, timer } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { repair, type RepairOptions } from '../../operators/index.js';
import type { Gap, Notice, Range } from '../../src/chunk/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { end, expectPicture, gap, item, type Item, mark, streamError } from './alphabet.js';
import { after, expectRepaired, noAnswer, numbers } from './repaired.js';

describe('repair', () => {
  it('lets what is in order pass, and asks for nothing', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a-b-c|',
        subscription: '^-----!',
        result: '      -a-b-c|',
      },
      { request: after(1) },
    );
    expect(asked).toEqual([]);
  });

  it('asks for what is missing, and merges the answer', () => {
    const { asked, heard } = expectRepaired(
      {
        source: '      -a-c-----d|',
        subscription: '^---------!',
        result: '      -a-c--b--d|',
      },
      { delayMs: 2, request: after(1) },
    );
    expect(asked).toEqual([[5, '1-2', 1]]);
    expect(heard).toEqual([
      { type: 'hole', from: 1, to: 2 },
      { type: 'nack', from: 1, to: 2, attempt: 1 },
      { type: 'repaired', seq: 1 },
    ]);
  });

  it('asks without delay where none is given, once for all that came in one call', () => {
    const { asked } = expectRepaired(
      {
        source: '      -(ace)-------|',
        subscription: '^------------!',
        result: '      -(ace)-(bd)--|',
      },
      { request: after(6) },
    );
    expect(asked).toEqual([[1, '1-2 3-4', 1]]);
  });

  it('does not ask for what comes in time', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a-cb----d|',
        subscription: '^---------!',
        result: '      -a-cb----d|',
      },
      { delayMs: 2, request: after(1) },
    );
    expect(asked).toEqual([]);
  });

  it('asks for a range in one piece', () => {
    const { asked } = expectRepaired(
      {
        source: '      -a--e-------|',
        subscription: '^-----------!',
        result: '      -a--e--(bcd)|',
      },
      { delayMs: 2, request: after(1) },
    );
    expect(asked).toEqual([[6, '1-4', 1]]);
  });

  it('asks for what lies side by side in one piece', () => {
    const { asked } = expectRepaired(
      {
        source: '      (aMf)--------g|',
        subscription: '^-------------!',
        result: '      (aMf)--(bcde)g|',
        values: { M: mark(3) },
      },
      { delayMs: 6, request: after(1) },
    );
    expect(asked).toEqual([[6, '1-5', 1]]);
  });

  it('asks sooner for a new hole than again for an old one', () => {
    const { asked } = expectRepaired(
      {
        source: '      b--d--------|',
        subscription: '^-----------!',
        result: '      b--d-c--a---|',
      },
      { delayMs: 1, retryMs: 6, request: (ranges) => after(ranges[0]!.from === 0 ? 7 : 1)(ranges) },
    );
    expect(asked).toEqual([
      [1, '0-1', 1],
      [4, '2-3', 1],
      [7, '0-1', 2],
    ]);
  });

  it('drops the late original of what was repaired', () => {
    const { heard } = expectRepaired(
      {
        source: '      -a-c---b-d|',
        subscription: '^---------!',
        result: '      -a-c--b--d|',
      },
      { delayMs: 2, request: after(1) },
    );
    expect(heard.at(-1)).toEqual({ type: 'duplicate', seq: 1 });
  });

  it('drops what an answer brings that is here already', () => {
    const { heard } = expectRepaired(
      {
        source: '      -a-c-----d|',
        subscription: '^---------!',
        result: '      -a-c--b--d|',
      },
      { delayMs: 2, request: () => timer(1).pipe(mergeMap(() => [item(0), item(2), item(1), item(1)])) },
    );
    expect(heard.slice(2)).toEqual([
      { type: 'duplicate', seq: 0 },
      { type: 'duplicate', seq: 2 },
      { type: 'repaired', seq: 1 },
    ]);
  });

  it('takes an answer within the call', () =>
    void expectRepaired(
      {
        source: '      a-c-----d|',
        subscription: '^--------!',
        result: '      a-(cb)--d|',
      },
      { request: (ranges) => numbers(ranges).map(item) },
    ));

  it('takes answers that come through the source', () => {
    const source = new Subject<Item>();
    const seen: unknown[] = [];
    const request = (ranges: readonly Range[]) => numbers(ranges).forEach((seq) => source.next(item(seq)));
    vi.useFakeTimers();
    try {
      source.pipe(repair({ request })).subscribe((value) => seen.push(value));
      for (const seq of [0, 3, 4]) source.next(item(seq));
      vi.runAllTimers();
    } finally {
      vi.useRealTimers();
    }
    expect(seen).toEqual([0, 3, 4, 1, 2].map(item));
  });

  it('starts where it is told to', () => {
    const { asked } = expectRepaired(
      {
        source: '      -b-e------|',
        subscription: '^---------!',
        result: '      -b-e-(cd)-|',
      },
      { start: 1, request: after(2) },
    );
    expect(asked).toEqual([[3, '2-4', 1]]);
  });

  it('starts with the first to arrive when told to', () => {
    const { asked } = expectRepaired(
      {
        source: '      -c-e-a-|',
        subscription: '^------!',
        result: '      -c-ed--|',
      },
      { start: 'first', request: after(1) },
    );
    expect(asked).toEqual([[3, '3-4', 1]]);
  });

  it('goes by the numbers it is shown', () => {
    const asked: unknown[] = [];
    const options: RepairOptions<Item> = {
      seq: ({ seq }) => seq + 1,
      start: 1,
      request: (ranges) => void asked.push(ranges),
    };
    expectPicture(repair(options), {
      source: '      -a-c-|',
      subscription: '^----!',
      result: '      -a-c-(G|)',
      values: { G: gap(2, 3) },
    });
    expect(asked).toEqual([[{ from: 2, to: 3 }], [{ from: 2, to: 3 }]]);
  });

  it.each([
    ['before it has started', 'first'],
    ['when it should be the next', 0],
  ] as const)('fails on a number that is none, %s', (_, start) =>
    expectPicture(repair<Item | Notice>({ start, request: noAnswer, seq: () => -1 }), {
      source: '      -a-',
      subscription: '^!',
      result: '      -#',
      error: streamError('chunk-invalid', 'repair: seq must be a whole number'),
    }),
  );

  describe('on notices', () => {
    it('takes an end and a mark for word of all chunks before them, and lets them pass', () => {
      const { asked } = expectRepaired(
        {
          source: '      -a-M-M-E----|',
          subscription: '^-----------!',
          result: '      -a-MbM-Ec---|',
          values: { M: mark(2), E: end(3) },
        },
        { request: after(1) },
      );
      expect(asked).toEqual([
        [3, '1-2', 1],
        [7, '2-3', 1],
      ]);
    });

    it('does not ask for what a gap says will not come, and drops it if it does', () => {
      const { asked, heard } = expectRepaired(
        {
          source: '      -d-G----a-b|',
          subscription: '^----------!',
          result: '      -d-G--c-a--|',
          values: { G: gap(1, 2, 'trimmed') },
        },
        { delayMs: 4, request: (ranges) => after(1)(ranges.slice(1)) },
      );
      expect(asked).toEqual([[5, '0-1 2-3', 1]]);
      expect(heard.at(-1)).toEqual({ type: 'late', seq: 1 });
    });
  });

  describe('on the clock', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('keeps one timer while chunks are missing, and none otherwise', () => {
      const source = new Subject<Item>();
      source.pipe(repair({ delayMs: 5, request: noAnswer })).subscribe();
      const timers = [0, 2, 4, 1, 3].map((seq) => {
        source.next(item(seq));
        return vi.getTimerCount();
      });
      expect(timers).toEqual([0, 1, 1, 1, 0]);
    });

    it('is not misled by a clock that is set back', () => {
      const source = new Subject<Item>();
      const asked: unknown[] = [];
      const request = (ranges: readonly Range[]) => void asked.push(ranges);
      source.pipe(repair({ delayMs: 10, retryMs: 20, random: () => 1, request })).subscribe();
      source.next(item(1));
      vi.setSystemTime(Date.now() - 3_600_000);
      vi.advanceTimersByTime(10);
      expect(asked).toHaveLength(1);
      source.next(item(3));
      vi.advanceTimersByTime(10);
      expect(asked).toHaveLength(2);
    });
  });

  it.each([
    [{}, new TypeError('request must be a function, got undefined')],
    [{ delayMs: -1 }, new RangeError('delayMs must be a whole number of at least 0 and at most 2147483647, got -1')],
    [{ retryMs: 0 }, new RangeError('retryMs must be a whole number of at least 1 and at most 2147483647, got 0')],
    [
      { maxRetryMs: 9 },
      new RangeError('maxRetryMs must be a whole number of at least 100 and at most 2147483647, got 9'),
    ],
    [{ retries: 0 }, new RangeError('retries must be a whole number of at least 1 or Infinity, got 0')],
    [{ maxMissing: 0 }, new RangeError('maxMissing must be a whole number of at least 1 or Infinity, got 0')],
    [{ onGiveUp: 'wait' }, new TypeError('onGiveUp must be "skip" or "fail"')],
    [{ start: -1 }, new RangeError('start must be a whole number of at least 0, got -1')],
  ])('refuses %o', (options, error) => {
    const request = Object.keys(options).length === 0 ? {} : { request: noAnswer };
    expect(() => repair({ ...request, ...options } as RepairOptions<Item>)).toThrow(error);
  });

  it('has room for one wait that is longer than the usual longest', () => {
    expect(() => repair<Item>({ retryMs: 60_000, request: noAnswer })).not.toThrow();
  });

  describe('in order', () => {
    const missingFirst = { seq: ({ seq }: Item) => seq + 3, retryMs: 1000 };
    operatorLaws<Item, Item | Gap>('repair', (probe) => repair<Item>({ request: noAnswer, probe }), {
      item,
      holds: 0,
      throwing: {
        seq: (boom) => repair<Item>({ request: noAnswer, seq: boom }),
        request: (boom) => repair<Item>({ ...missingFirst, request: boom }),
        random: (boom) => repair<Item>({ ...missingFirst, request: noAnswer, random: boom }),
        onResync: (boom) => repair<Item>({ ...missingFirst, maxMissing: 2, request: noAnswer, onResync: boom }),
      },
    });
  });

  describe('out of order', () => {
    const places = [0, 2, 1, 3, 5, 4];
    operatorLaws<Item, Item | Gap>('repair', (probe) => repair<Item>({ request: noAnswer, probe }), {
      item: (n) => item(n - (n % 6) + places[n % 6]!),
      holds: 0,
    });
  });
});
