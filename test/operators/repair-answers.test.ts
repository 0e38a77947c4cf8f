import { mergeMap, NEVER, Observable, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { repair, type RepairContext } from '../../operators/index.js';
import type { Notice, Range } from '../../src/chunk/index.js';
import { marbles } from '../../src/testing/index.js';
import { alphabet, item, type Item } from './alphabet.js';
import type { Options } from './repaired.js';

describe('repair lets answers go', () => {
  /** One answer that never ends by itself: when it was subscribed and let go. */
  const expectLetGo = (source: string, answered: string, options: Partial<Options> = {}, consumer?: string) =>
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const answer = cold<Item>('---------', alphabet);
      const request = () => answer;
      const operator = repair<Item | Notice>({ retryMs: 90, random: () => 1, ...options, request });
      expectObservable(hot(source, alphabet).pipe(operator), consumer).toEqual(
        hot(source, alphabet).pipe(mergeMap((each) => [each])),
      );
      expectSubscriptions(answer.subscriptions).toBe(answered);
    });

  it('when everything it was asked for is here', () => expectLetGo('-b-a-c---|', '-^-!'));
  it('when the source fails', () => expectLetGo('-b---#', '-^---!'));

  it('when something else was asked for since', () => {
    const subscribed: number[] = [];
    const released: number[] = [];
    const request = ([first]: readonly Range[]) =>
      new Observable<Item>(() => {
        subscribed.push(first!.from);
        return () => released.push(first!.from);
      });
    vi.useFakeTimers();
    try {
      const source = new Subject<Item>();
      const subscription = source.pipe(repair({ request })).subscribe();
      source.next(item(1));
      vi.advanceTimersByTime(10);
      source.next(item(3));
      source.next(item(0));
      expect(released).toEqual([]);
      vi.advanceTimersByTime(10);
      expect([subscribed, released]).toEqual([[0, 2], [0]]);
      subscription.unsubscribe();
      expect(released).toEqual([0, 2]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('and tells them through their signal', () => {
    const signals: AbortSignal[] = [];
    const request = (_ranges: readonly Range[], { signal }: RepairContext) => {
      signals.push(signal);
      return NEVER;
    };
    vi.useFakeTimers();
    try {
      const source = new Subject<Item>();
      source.pipe(repair({ request })).subscribe();
      source.next(item(1));
      vi.advanceTimersByTime(1);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
      source.next(item(0));
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('within an answer that has brought enough', () => {
    const brought: number[] = [];
    const request = () =>
      new Observable<Item>((subscriber) => {
        for (let n = 0; !subscriber.closed && n < 100; n++) {
          brought.push(n);
          subscriber.next(item(n));
        }
      });
    vi.useFakeTimers();
    try {
      const source = new Subject<Item>();
      source.pipe(repair({ request })).subscribe();
      source.next(item(2));
      vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    expect(brought).toEqual([0, 1]);
  });
});
