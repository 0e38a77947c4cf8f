import { Observable, Subject, takeUntil } from 'rxjs';

/** The browser's own Observable, as far as it is used here (https://wicg.github.io/observable). */
export interface NativeObservable<T> {
  subscribe(observer: NativeObserver<T>, options?: { readonly signal?: AbortSignal }): void;
}

/** What a browser's Observable calls. */
export interface NativeObserver<T> {
  next?(value: T): void;
  error?(error: unknown): void;
  complete?(): void;
}

/** What a browser's Observable hands to the function that makes it. */
interface NativeSubscriber<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
  addTeardown(teardown: () => void): void;
}

type NativeConstructor = new <T>(subscribe: (subscriber: NativeSubscriber<T>) => void) => NativeObservable<T>;

/**
 * Makes an RxJS Observable of a browser's Observable, such as `element.when('click')`. Unsubscribing aborts the
 * subscription at once. It cannot be paused: put `backpressure` behind it.
 */
export function fromNative<T>(source: NativeObservable<T>): Observable<T> {
  return new Observable((destination) => {
    const controller = new AbortController();
    destination.add(() => controller.abort());
    source.subscribe(
      {
        next: (value) => destination.next(value),
        error: (error) => destination.error(error),
        complete: () => destination.complete(),
      },
      { signal: controller.signal },
    );
  });
}

/**
 * Makes a browser's Observable of an RxJS one. Aborting a subscription unsubscribes at once.
 *
 * @throws TypeError where there is no `Observable` of the platform's own
 */
export function toNative<T>(source: Observable<T>): NativeObservable<T> {
  const { Observable: Native } = globalThis as { Observable?: NativeConstructor };
  if (Native === undefined) throw new TypeError('this platform has no Observable of its own');
  return new Native<T>((subscriber) => {
    const over = new Subject<void>();
    subscriber.addTeardown(() => over.next());
    // Not by unsubscribing: a source that emits while it is being subscribed to could not be stopped.
    source.pipe(takeUntil(over)).subscribe({
      next: (value) => subscriber.next(value),
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}
