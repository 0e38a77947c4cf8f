import { NEVER, Observable, range, take, throwError } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  fromNative,
  type NativeObservable,
  type NativeObserver,
  toNative,
} from '../../src/source/native-observable.js';

/** As much of https://wicg.github.io/observable as is needed: browsers have it, Node has not. */
class PlatformObservable<T> implements NativeObservable<T> {
  constructor(private readonly begin: (subscriber: object) => void) {}

  subscribe(observer: NativeObserver<T>, { signal }: { signal?: AbortSignal } = {}): void {
    const teardowns: (() => void)[] = [];
    const state = { active: true };
    const close = () => {
      if (!state.active) return;
      state.active = false;
      for (const teardown of teardowns.splice(0).toReversed()) teardown();
    };
    signal?.addEventListener('abort', close);
    const end = (call: () => void) => {
      if (!state.active) return;
      close();
      call();
    };
    this.begin({
      next: (value: T) => state.active && observer.next?.(value),
      error: (error: unknown) => end(() => observer.error?.(error)),
      complete: () => end(() => observer.complete?.()),
      addTeardown: (teardown: () => void) => (state.active ? teardowns.push(teardown) : teardown()),
    });
  }
}

/** What an observer hears. */
function listener() {
  const heard: unknown[] = [];
  const observer = {
    next: (value: unknown) => void heard.push(value),
    error: (error: unknown) => void heard.push(['error', error]),
    complete: () => void heard.push('completed'),
  };
  return { heard, observer };
}

describe('toNative', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('passes on items, completion and error', () => {
    vi.stubGlobal('Observable', PlatformObservable);
    const good = listener();
    toNative(range(1, 2)).subscribe(good.observer);
    expect(good.heard).toEqual([1, 2, 'completed']);
    const bad = listener();
    toNative(throwError(() => 'x')).subscribe(bad.observer);
    expect(bad.heard).toEqual([['error', 'x']]);
  });

  it('unsubscribes at once when it is aborted, from a source that never stops too', () => {
    vi.stubGlobal('Observable', PlatformObservable);
    const controller = new AbortController();
    let made = 0;
    const endless = new Observable<number>((destination) => {
      while (!destination.closed && made < 1000) destination.next(made++);
    });
    toNative(endless).subscribe({ next: (value) => value === 2 && controller.abort() }, controller);
    expect(made).toBe(3);
  });

  it('refuses where the platform has none', () => {
    vi.stubGlobal('Observable', undefined);
    expect(() => toNative(NEVER)).toThrow(new TypeError('this platform has no Observable of its own'));
  });
});

describe('fromNative', () => {
  it('passes on items, completion and error', () => {
    vi.stubGlobal('Observable', PlatformObservable);
    const good = listener();
    fromNative(toNative(range(1, 2))).subscribe(good.observer);
    expect(good.heard).toEqual([1, 2, 'completed']);
    const bad = listener();
    fromNative(toNative(throwError(() => 'x'))).subscribe(bad.observer);
    expect(bad.heard).toEqual([['error', 'x']]);
    vi.unstubAllGlobals();
  });

  it('aborts when unsubscribed', () => {
    const signals: AbortSignal[] = [];
    const source: NativeObservable<number> = {
      subscribe: (observer, options) => {
        signals.push(options!.signal!);
        observer.next!(1);
      },
    };
    fromNative(source).pipe(take(1)).subscribe();
    const subscription = fromNative(source).subscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    subscription.unsubscribe();
    expect(signals[1]!.aborted).toBe(true);
  });
});
