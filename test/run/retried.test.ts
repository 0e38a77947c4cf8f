import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { retried, type RetriedOptions } from '../../src/run/retried.js';
import { fastTime } from './stage.js';

function options(change: Partial<RetriedOptions> = {}): RetriedOptions & { waits: number[] } {
  const waits: number[] = [];
  return {
    ...{ attempts: 3, delayMs: 100, maxDelayMs: 150, retryOn: () => true },
    ...{ signal: new AbortController().signal, scheduler: fastTime(), random: () => 1 },
    waits,
    waiting: (_error, delayMs) => waits.push(delayMs),
    ...change,
  };
}
const failing = (attempt: number): Promise<never> => Promise.reject(new Error(`no ${attempt}`));

describe('retried', () => {
  it('does it again until it succeeds, after waits that grow to a bound', async () => {
    const rules = options();
    expect(await retried((attempt) => (attempt < 3 ? failing(attempt) : attempt), rules)).toBe(3);
    expect(rules.waits).toEqual([100, 150]);
    const half = options({ random: () => 0 });
    await expect(retried(failing, half)).rejects.toThrow('no 3');
    expect(half.waits).toEqual([50, 75]);
  });

  it('does not do again what is not worth it', async () => {
    await expect(retried(failing, options({ retryOn: () => false }))).rejects.toThrow('no 1');
    const throwing = (): never => {
      throw new Error('at once');
    };
    await expect(retried(throwing, options({ attempts: 1 }))).rejects.toThrow('at once');
  });

  it('stops when it is not wanted any more, before, within and between attempts', async () => {
    const reason = new Error('enough');
    await expect(retried(failing, options({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const within = new AbortController();
    const aborting = (): Promise<never> => {
      within.abort(reason);
      return failing(1);
    };
    await expect(retried(aborting, options({ signal: within.signal }))).rejects.toBe(reason);
    const between = new AbortController();
    const scheduler = new VirtualTimeScheduler();
    const waiting = (): void => void Promise.resolve().then(() => between.abort(reason));
    await expect(retried(failing, options({ signal: between.signal, scheduler, waiting }))).rejects.toBe(reason);
    expect(scheduler.actions.every((action) => action.closed)).toBe(true);
  });
});
