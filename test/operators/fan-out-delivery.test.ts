import { config, defer, EMPTY, NEVER, Observable, of, Subject, Subscriber, take, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { fanOut } from '../../operators/index.js';
import { StreamError } from '../../src/chunk/index.js';
import { streamError } from './alphabet.js';

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

  it('does not bring what was fed back before to who leaves and comes back', () => {
    const source = new Subject<number>();
    const shared = source.pipe(fanOut());
    const seen: number[] = [];
    const first = shared.subscribe((n) => {
      source.next(n + 1);
      first.unsubscribe();
      shared.subscribe((each) => seen.push(each));
    });
    source.next(1);
    source.next(7);
    expect(seen).toEqual([7]);
  });

  it('calls nobody who has left', () => {
    vi.useFakeTimers();
    const { onStoppedNotification } = config;
    const late: unknown[] = [];
    config.onStoppedNotification = (notification) => late.push(notification);
    const source = new Subject<number>();
    const shared = source.pipe(fanOut({ replay: { count: 9 } }));
    shared.subscribe(() => second.unsubscribe());
    const second = shared.subscribe();
    for (const n of [1, 2]) source.next(n);
    shared.pipe(take(1)).subscribe();
    vi.runAllTimers();
    expect(late).toEqual([]);
    config.onStoppedNotification = onStoppedNotification;
    vi.useRealTimers();
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
