import { asyncScheduler, type OperatorFunction, Subject } from 'rxjs';
import { expect, vi } from 'vitest';

/** After its first item an operator reads no clock and arms no timer for another: a thousand of them cost no more. */
export function checkTimeless(operator: OperatorFunction<number, unknown>): void {
  vi.useFakeTimers();
  const now = vi.spyOn(asyncScheduler, 'now');
  const schedule = vi.spyOn(asyncScheduler, 'schedule');
  try {
    const source = new Subject<number>();
    const subscription = source.pipe(operator).subscribe();
    source.next(0);
    const [clock, timers] = [now.mock.calls.length, schedule.mock.calls.length];
    for (let n = 1; n < 1000; n++) source.next(n);
    expect(now).toHaveBeenCalledTimes(clock);
    expect(schedule).toHaveBeenCalledTimes(timers);
    subscription.unsubscribe();
  } finally {
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
}
