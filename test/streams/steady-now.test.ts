import { asyncScheduler } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { steadyNow } from '../../src/streams/steady-now.js';
import { VirtualTime } from '../virtual-time.js';

afterEach(() => void vi.useRealTimers());

describe('steadyNow', () => {
  it('goes on as ever when somebody sets the clock', () => {
    vi.useFakeTimers();
    const now = steadyNow(asyncScheduler);
    const before = now();
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(5);
    expect(now() - before).toBe(5);
    vi.setSystemTime(Date.now() + 7_200_000);
    expect(now() - before).toBe(5);
  });

  it('goes by the scheduler that is handed in', async () => {
    const time = new VirtualTime();
    const now = steadyNow(time);
    await time.pass(7);
    expect(now()).toBe(7);
  });
});
