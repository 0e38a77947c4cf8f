import fc from 'fast-check';
import { asyncScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Silence } from '../../operators/silence.js';

/** When a silence of `afterMs` is noticed first, with interruptions at these times. */
function noticedAt(afterMs: number, interruptions: readonly number[]): number {
  vi.setSystemTime(0);
  let noticed = NaN;
  const silence = new Silence(asyncScheduler, afterMs, () => {
    noticed = Date.now();
    silence.stop();
  });
  for (const at of interruptions) setTimeout(() => silence.interrupt(), at);
  silence.start();
  vi.runAllTimers();
  return noticed;
}

describe('Silence', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is noticed when nothing happened from the start', () => {
    expect(noticedAt(4, [])).toBe(4);
    expect(noticedAt(1000, [])).toBe(1000);
  });

  it('counts from the last interruption, to the millisecond when it is short', () => {
    expect(noticedAt(4, [3, 5])).toBe(9);
    expect(noticedAt(16, [9])).toBe(25);
  });

  it('is interrupted by what happens in the very millisecond it would have ended', () => {
    expect(noticedAt(4, [4])).toBe(8);
  });

  it('is never noticed early, and at most a sixteenth late', () => {
    const times = fc.array(fc.nat({ max: 400 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), times, (afterMs, interruptions) => {
        const noticed = noticedAt(afterMs, interruptions);
        // The last one before the first pause that is long enough.
        let last = 0;
        for (const at of interruptions.toSorted((a, b) => a - b)) if (at < noticed) last = at;
        expect(noticed).toBeGreaterThanOrEqual(last + afterMs);
        expect(noticed).toBeLessThanOrEqual(last + afterMs + Math.ceil(afterMs / 16));
      }),
    );
  });

  it('goes on listening after it was noticed', () => {
    const noticed: number[] = [];
    vi.setSystemTime(0);
    const silence = new Silence(asyncScheduler, 3, () => noticed.push(Date.now()));
    silence.start();
    vi.advanceTimersByTime(10);
    expect(noticed).toEqual([3, 6, 9]);
    silence.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a blocked event loop for one tick, not for silence', () => {
    const noticed = vi.fn();
    const silence = new Silence(asyncScheduler, 160, noticed);
    silence.start();
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(10);
    silence.interrupt();
    vi.advanceTimersByTime(160);
    expect(noticed).not.toHaveBeenCalled();
    silence.stop();
    silence.stop();
  });
});
