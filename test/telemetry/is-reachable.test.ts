import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { isReachable } from '../../src/telemetry/is-reachable.js';

describe('isReachable', () => {
  it('is what is done in time, and not what fails', async () => {
    const scheduler = new VirtualTimeScheduler();
    expect(await isReachable(async () => {}, 10, scheduler)).toBe(true);
    expect(await isReachable(() => Promise.reject(new Error('no')), 10, scheduler)).toBe(false);
    // No timer is left behind.
    expect(scheduler.actions).toHaveLength(0);
  });

  it('is not what takes too long', async () => {
    const scheduler = new VirtualTimeScheduler();
    const answer = isReachable(() => new Promise(() => {}), 10, scheduler);
    scheduler.flush();
    expect([await answer, scheduler.frame]).toEqual([false, 10]);
  });
});
