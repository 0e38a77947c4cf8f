import { type Observable, Subject, type Subscription } from 'rxjs';
import { expect, vi } from 'vitest';

/** @internal One operator on one source after another, and what came out since it was last subscribed. */
export class OperatorStage<T, R> {
  values: R[] = [];
  ended: 'complete' | 'error' | undefined;
  error: unknown;
  subscription: Subscription | undefined;
  onValue: () => void = () => {};

  constructor(
    public source: Subject<T>,
    readonly output: () => Observable<R>,
  ) {}

  subscribe(): this {
    if (this.ended !== undefined) this.source = new Subject<T>();
    this.values = [];
    this.ended = undefined;
    this.subscription = this.output().subscribe({
      next: (value) => {
        this.values.push(value);
        this.onValue();
      },
      error: (error: unknown) => {
        this.ended = 'error';
        this.error = error;
      },
      complete: () => (this.ended = 'complete'),
    });
    return this;
  }

  expectSilence(): void {
    const { ended } = this;
    const before = this.values.length;
    expect(this.source.observed, 'the source is still subscribed').toBe(false);
    expect(vi.getTimerCount(), 'timers left').toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(this.values.length, 'values at the end').toBe(before);
    expect(this.ended).toBe(ended);
  }
}
