import { VirtualTimeScheduler } from 'rxjs';
import { createProgress, type ProgressSnapshot, type ProgressTrackerOptions } from 'sluice/run';
import { describe, expect, it } from 'vitest';

function stage(options: ProgressTrackerOptions = {}) {
  const scheduler = new VirtualTimeScheduler();
  const progress = createProgress({ scheduler, ...options });
  const seen: ProgressSnapshot[] = [];
  let isComplete = false;
  progress.snapshots.subscribe({ next: (snapshot) => seen.push(snapshot), complete: () => (isComplete = true) });
  const at = (ms: number, work: () => void): void => void scheduler.schedule(work, ms);
  return { progress, scheduler, seen, at, isComplete: () => isComplete };
}

describe('createProgress', () => {
  it('tells how far everything is, when it is asked and whenever that has changed', () => {
    const { progress, scheduler, seen, at } = stage({ everyMs: 100 });
    expect(seen).toEqual([{ timestamp: 0, fraction: 0, percent: 0, active: 0, items: [] }]);
    const [one, two] = [progress.item('one', { total: 100 }), progress.item('two', { total: 10, weight: 3 })];
    for (let ms = 10; ms <= 250; ms += 10) at(ms, () => one.advance());
    at(500, () => two.complete());
    scheduler.flush();
    // At once for what begins or ends, in its time for what advances, and once more when nothing came.
    expect(seen.map(({ timestamp, percent }) => [timestamp, percent])).toEqual([
      [0, 0],
      [0, 0],
      [100, 10 / 4],
      [200, 20 / 4],
      [300, 25 / 4],
      [400, 25 / 4],
      [500, (25 + 300) / 4],
      [600, (25 + 300) / 4],
    ]);
    expect(seen.at(-1)).toMatchObject({ active: 1, fraction: 0.8125 });
    const late: number[] = [];
    progress.snapshots.subscribe(({ percent }) => late.push(percent)).unsubscribe();
    expect(late).toEqual([81.25]);
  });

  it('shows a number of items that are over, and holds a bounded number of them all', () => {
    const { progress, scheduler } = stage({ keepOver: 2, maxItems: 5 });
    for (const name of ['a', 'b', 'c', 'd']) progress.item(name).complete();
    progress.item('e').item('part');
    scheduler.flush();
    expect(progress.snapshot().items.map(({ name }) => name)).toEqual(['c', 'd', 'e']);
    const last = progress.item('f');
    expect(() => progress.item('g')).toThrow('there are 5 items already');
    expect(() => last.item('part')).toThrow('there are 5 items already');
    last.complete();
    // The oldest that is over makes room.
    progress.item('h');
    expect(progress.snapshot().items.map(({ name }) => name)).toEqual(['d', 'e', 'f', 'h']);
  });

  it('cancels what is not done when it is disposed of, and says no more', async () => {
    const { progress, seen, scheduler, isComplete } = stage();
    let stopped = false;
    const item = progress.item('a');
    const working = item.run(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped = true;
    });
    working.catch(() => {});
    {
      await using same = progress;
      expect(same).toBe(progress);
    }
    expect([item.status, stopped, isComplete()]).toEqual(['cancelled', true, true]);
    expect(seen.at(-1)).toMatchObject({ active: 0, items: [{ status: 'cancelled' }] });
    const count = seen.length;
    await progress[Symbol.asyncDispose]();
    scheduler.flush();
    expect(seen).toHaveLength(count);
    expect(() => progress.item('b')).toThrow('the tracker was disposed of');
  });

  it('shows nothing of what ends when it is over, and needs no clock of yours', async () => {
    const progress = createProgress();
    const item = progress.item('a');
    // Whoever cancels it hears of it; that it then completes changes nothing.
    item.signal.addEventListener('abort', () => item.complete());
    let last: ProgressSnapshot | undefined;
    progress.snapshots.subscribe((snapshot) => (last = snapshot));
    const deaf = progress.item('b').run(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await progress[Symbol.asyncDispose]();
    await deaf;
    expect(last?.items).toMatchObject([{ status: 'cancelled' }, { status: 'cancelled' }]);
  });

  it.each([
    [{ everyMs: 0 }, 'everyMs must be'],
    [{ smoothing: 2 }, 'smoothing must be'],
    [{ maxItems: 0 }, 'maxItems must be'],
    [{ keepOver: -1 }, 'keepOver must be'],
  ])('refuses %j', (options, message) => {
    expect(() => createProgress(options)).toThrow(message);
  });
});
