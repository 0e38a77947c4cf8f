import { config, Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { StreamError, type StreamErrorOptions } from '../src/chunk/index.js';
import type { Probe, ProbeEvent } from '../src/probe/index.js';

/**
 * The one place that touches RxJS's class API (7.8; 9 removes it). An operator is a class that extends {@link Stage} and
 * overrides `_next`, on the prototype: two to four times as fast as an observer of closures, and, unlike one, it stops a
 * synchronous source the moment its destination is done.
 *
 * Overridable: `_next(value)`, `_error(error)`, `_complete()`, and `release()` for what must be let go. Leave out what you
 * do not need: a stage without `_next` costs nothing.
 *
 * @internal
 */
export abstract class Stage<T, R = T> extends Subscriber<T> {
  declare protected destination: Subscriber<R>;

  constructor(destination: Subscriber<R>) {
    super(destination as Subscriber<unknown>);
  }

  /**
   * Ends the stage with an error: the destination gets it, the source is let go. Works within `_complete` too, where
   * `error` would be ignored as too late. Once the stage has ended it does nothing.
   */
  protected fail(error: unknown): void {
    if (this.closed) return;
    this.isStopped = true;
    this._error(error);
  }

  /** Frees timers, inner subscriptions and buffers. Runs exactly once, however the stage ends. Must not emit. */
  protected release(): void {}

  override unsubscribe(): void {
    if (this.closed) return;
    // First, so that whatever `release` sets off finds the stage closed already.
    try {
      super.unsubscribe();
    } finally {
      this.release();
    }
  }
}

/**
 * Makes an operator of a stage: a fresh stage for every subscriber, so that `retry`, `repeat` and `share` start clean.
 *
 * @internal
 */
export function operate<T, R = T>(stage: (destination: Subscriber<R>) => Stage<T, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((destination) => {
      // A stage joins its destination while it is made: one that is closed would release it half made.
      if (destination.closed) return undefined;
      return source.subscribe(stage(destination));
    });
}

/**
 * Wraps what a user's callback threw, with the operator's name.
 *
 * @internal
 */
export function callbackError(operator: string, cause: unknown, options: StreamErrorOptions = {}): StreamError {
  if (cause instanceof StreamError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StreamError('callback-failed', `${operator}: a callback threw: ${message}`, {
    operator,
    ...options,
    cause,
  });
}

/**
 * Reports without letting a throwing probe into the stream: its error goes where RxJS sends unhandled ones.
 *
 * @internal
 */
export function tell(probe: Probe | undefined, event: ProbeEvent): void {
  if (probe === undefined) return;
  try {
    probe(event);
  } catch (error) {
    reportUnhandled(error);
  }
}

/**
 * Reports an error that has no stream left to go to as RxJS does: to `config.onUnhandledError`, else as an uncaught one.
 *
 * @internal
 */
export function reportUnhandled(error: unknown): void {
  const { onUnhandledError } = config;
  setTimeout(() => {
    if (onUnhandledError === null) throw error;
    onUnhandledError(error);
  });
}
