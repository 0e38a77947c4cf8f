import { asyncScheduler, NEVER, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { heartbeat, type HeartbeatOptions } from '../../operators/index.js';
import { StreamError } from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';

const make = () => 'H';

for (const precise of [false, true]) {
  operatorLaws('heartbeat', () => heartbeat({ everyMs: 1000, make: () => -1, precise }), {
    throwing: { make: (boom) => heartbeat({ everyMs: 10, make: boom, precise }) },
  });
  operatorLaws('heartbeat', () => heartbeat({ everyMs: 1000, make: () => ({ n: -1 }), precise }), {
    item: (n) => ({ n }),
    holds: 1,
  });
}

describe.each([{ precise: false }, { precise: true }])('heartbeat with precise: $precise', (mode) => {
  it('fills silence, and is silent after the end', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('     --a------b|');
      const subscription = '    ^---------!';
      const result = '          --a--H--Hb|';
      expectObservable(source.pipe(heartbeat({ everyMs: 3, make, ...mode }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('passes what comes without silence as it is', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('a|').pipe(heartbeat({ everyMs: 3, make, ...mode }))).toBe('a|');
      expectObservable(cold('-a-b-c-#').pipe(heartbeat({ everyMs: 3, make, ...mode }))).toBe('-a-b-c-#');
    }));

  it('lets an item in the same frame win', () =>
    marbles(({ cold, hot, expectObservable }) => {
      expectObservable(cold('---a|').pipe(heartbeat({ everyMs: 3, make, ...mode }))).toBe('---a|');
      expectObservable(hot(' ---a|').pipe(heartbeat({ everyMs: 3, make, ...mode }))).toBe('---a|');
    }));

  it('beats from the start, until it is let go', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-');
      expectObservable(source.pipe(heartbeat({ everyMs: 3, make, ...mode })), '^-------!').toBe('---H--H');
      expectSubscriptions(source.subscriptions).toBe('^-------!');
    }));

  it('counts from an item that the consumer of a heartbeat feeds back', () =>
    marbles(({ flush }) => {
      const source = new Subject<string>();
      const seen: string[] = [];
      const subscription = source.pipe(heartbeat({ everyMs: 4, make, ...mode })).subscribe((item) => {
        seen.push(`${item} at ${asyncScheduler.now()}`);
        if (seen.length === 1) source.next('a');
        if (seen.length === 3) subscription.unsubscribe();
      });
      flush();
      expect(seen).toEqual(['H at 4', 'a at 4', mode.precise ? 'H at 8' : 'H at 9']);
    }));

  it('refuses a time that is none', () => {
    expect(() => heartbeat({ everyMs: 0, make, ...mode })).toThrow(RangeError);
    expect(() => heartbeat({ make, ...mode } as unknown as HeartbeatOptions<string>)).toThrow(
      'everyMs must be a number, got undefined',
    );
  });

  it('names itself when make throws', () =>
    marbles(({ expectObservable }) => {
      const broken = () => {
        throw new Error('no heart');
      };
      const error = new StreamError('callback-failed', 'heartbeat: a callback threw: no heart', {
        operator: 'heartbeat',
        cause: new Error('no heart'),
      });
      expectObservable(NEVER.pipe(heartbeat({ everyMs: 3, make: broken, ...mode }))).toBe('---#', undefined, error);
    }));
});

describe('heartbeat', () => {
  it('is up to a sixteenth late where it is not precise', () =>
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a 400ms |');
      // It ticks every 10 ms: the item at 1 is taken to have come at 10.
      expectObservable(source.pipe(heartbeat({ everyMs: 160, make }))).toBe('-a 168ms H 159ms H 71ms |');
      expectObservable(source.pipe(heartbeat({ everyMs: 160, make, precise: true }))).toBe('-a 159ms H 159ms H 80ms |');
    }));

  it('reads no clock and arms no timer for an item', () => {
    vi.useFakeTimers();
    const now = vi.spyOn(asyncScheduler, 'now');
    const schedule = vi.spyOn(asyncScheduler, 'schedule');
    const source = new Subject<number>();
    const subscription = source.pipe(heartbeat({ everyMs: 1000, make })).subscribe();
    for (let n = 0; n < 1000; n++) source.next(n);
    expect(now).not.toHaveBeenCalled();
    expect(schedule).toHaveBeenCalledTimes(1);
    subscription.unsubscribe();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
});
