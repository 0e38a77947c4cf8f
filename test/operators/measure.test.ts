import { asyncScheduler, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { measure, type MeasureOptions } from '../../operators/index.js';
import { createChunk, StreamError } from '../../src/chunk/index.js';
import type { ProbeEvent } from '../../src/probe/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';

operatorLaws('measure', (probe) => measure({ probe }), {
  throwing: {
    size: (boom) => measure({ probe: () => {}, size: boom }),
    latency: (boom) => measure({ probe: () => {}, latency: boom }),
  },
});
operatorLaws('measure', (probe) => measure({ probe }), { item: (n) => ({ n }), holds: 0 });

/** What was reported, each with the frame it was reported in, without what is always the same. */
function listen() {
  const heard: unknown[] = [];
  const probe = (event: ProbeEvent) => {
    if (event.type !== 'measure') throw new Error(`a ${event.type} event`);
    const { type: _, operator, ...rest } = event;
    expect(operator).toBe('measure');
    heard.push({ at: asyncScheduler.now(), ...rest });
  };
  return { probe, heard };
}

/** What is reported of a source of letters, one byte each, which passes untouched. */
function reportsOf(source: string, options: Partial<MeasureOptions<string>> = {}): unknown[] {
  const { probe, heard } = listen();
  marbles(({ cold, expectObservable }) => {
    expectObservable(cold(source).pipe(measure({ probe, size: () => 1, ...options }))).toBe(source);
  });
  return heard;
}

const nothing = { chunksPerSecond: 0, bytesPerSecond: 0, latencyMs: undefined };

describe('measure', () => {
  it('reports while items come, once when they stop, and at the end', () => {
    expect(reportsOf('-ab--------|', { everyMs: 4 })).toEqual([
      { at: 5, chunks: 2, bytes: 2, ...nothing, chunksPerSecond: 500, bytesPerSecond: 500, done: false },
      { at: 9, chunks: 2, bytes: 2, ...nothing, done: false },
      { at: 11, chunks: 2, bytes: 2, ...nothing, chunksPerSecond: 2000 / 11, bytesPerSecond: 2000 / 11, done: true },
    ]);
  });

  it('tells the rate of each period', () => {
    const rates = reportsOf('aaaa-a----- 100ms a---a|', { everyMs: 4 }).map((event) => {
      const { at, chunks, chunksPerSecond } = event as { at: number; chunks: number; chunksPerSecond: number };
      return [at, chunks, Math.round(chunksPerSecond)];
    });
    expect(rates).toEqual([
      [4, 4, 1000],
      [8, 5, 250],
      [12, 5, 0],
      [115, 7, 500],
      [116, 7, Math.round(7000 / 116)],
    ]);
  });

  it('reports every 250 ms unless told otherwise', () => {
    expect(reportsOf('a 400ms b|').map((event) => (event as { at: number }).at)).toEqual([250, 500 - 98]);
  });

  it.each([
    ['an error', '-ab#', null],
    ['the completion', '-ab|', null],
    ['unsubscribing', '-ab', '^--!'],
  ])('reports the end exactly once: %s', (_, source, consumer) => {
    const { probe, heard } = listen();
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const input = cold(source);
      expectObservable(input.pipe(measure({ probe })), consumer).toBe(source);
      expectSubscriptions(input.subscriptions).toBe('^--!');
    });
    expect(heard).toEqual([expect.objectContaining({ at: 3, chunks: 2, done: true })]);
  });

  it('reports the end of a stream that brought nothing, in no time', () => {
    expect(reportsOf('|')).toEqual([{ at: 0, chunks: 0, bytes: 0, ...nothing, done: true }]);
  });

  it("counts a chunk's own size and takes its latency from its timestamp", () => {
    const { probe, heard } = listen();
    marbles(({ cold, expectObservable }) => {
      const chunk = (data: string, timestamp: number) => createChunk({ streamId: 's', seq: 0, data, timestamp });
      const values = { a: chunk('four', 2), b: chunk('sixsix', 0), c: chunk('', 16) };
      const source = '-----a-b---------c|';
      const measured = cold(source, values).pipe(measure({ probe, everyMs: 4 }));
      expectObservable(measured).toBe(source, values);
    });
    expect(
      heard.map((event) => Object.entries(event as object).filter(([key]) => /at|bytes$|latency/.test(key))),
    ).toEqual([
      [
        ['at', 9],
        ['bytes', 10],
        ['latencyMs', 3],
      ],
      [
        ['at', 13],
        ['bytes', 10],
        ['latencyMs', 3],
      ],
      [
        ['at', 18],
        ['bytes', 10],
        ['latencyMs', 1],
      ],
    ]);
  });

  it('asks for the latency of one item in a period, its first', () => {
    const asked: [string, number][] = [];
    const latency = (item: string, nowMs: number) => {
      asked.push([item, nowMs]);
      return item === 'a' ? 7 : undefined;
    };
    const heard = reportsOf('-abc-def|', { everyMs: 4, latency });
    expect(asked).toEqual([
      ['a', 1],
      ['e', 6],
    ]);
    expect(heard.map((event) => (event as { latencyMs?: number }).latencyMs)).toEqual([7, undefined]);
  });

  it.each([null, undefined, 7, 'text', {}, { timestamp: 'noon' }])('knows no latency of %o', (item) => {
    const { probe, heard } = listen();
    const source = new Subject<unknown>();
    source.pipe(measure({ probe })).subscribe();
    source.next(item);
    source.complete();
    expect(heard).toEqual([expect.objectContaining({ chunks: 1, bytes: 0, latencyMs: undefined })]);
  });

  it('lets an item in the same frame count for the period', () => {
    expect(reportsOf('a---b|', { everyMs: 4 })[0]).toMatchObject({ at: 4, chunks: 2 });
  });

  it('reads no clock and arms no timer for an item', () => {
    vi.useFakeTimers();
    const now = vi.spyOn(asyncScheduler, 'now');
    const schedule = vi.spyOn(asyncScheduler, 'schedule');
    const source = new Subject<number>();
    const subscription = source.pipe(measure({ probe: () => {} })).subscribe();
    source.next(0);
    const [clock, timers] = [now.mock.calls.length, schedule.mock.calls.length];
    for (let n = 1; n < 1000; n++) source.next(n);
    expect([now.mock.calls.length, schedule.mock.calls.length]).toEqual([clock, timers]);
    subscription.unsubscribe();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('runs no timer while nothing comes', () => {
    vi.useFakeTimers();
    const source = new Subject<number>();
    const subscription = source.pipe(measure({ probe: () => {} })).subscribe();
    expect(vi.getTimerCount()).toBe(0);
    source.next(1);
    vi.advanceTimersByTime(600);
    expect(vi.getTimerCount()).toBe(0);
    subscription.unsubscribe();
    vi.useRealTimers();
  });

  it('reports the end also when size fails, and names itself', () => {
    const { probe, heard } = listen();
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b');
      const error = new StreamError('callback-failed', 'measure: size must return a number of at least 0, got NaN', {
        operator: 'measure',
      });
      const size = (item: string) => (item === 'b' ? NaN : 1);
      expectObservable(source.pipe(measure({ probe, size }))).toBe('-a-#', undefined, error);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
    expect(heard).toEqual([expect.objectContaining({ chunks: 1, bytes: 1, done: true })]);
  });

  it('refuses a time that is none', () => {
    expect(() => measure({ probe: () => {}, everyMs: 0 })).toThrow('everyMs must be a whole number of at least 1');
  });
});
