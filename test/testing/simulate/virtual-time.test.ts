import { interval } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../../src/testing/simulate/virtual-time.js';

function stage(maxActions = 1000) {
  const time = new VirtualTime(maxActions);
  const seen: string[] = [];
  return { time, seen, see: (what: string) => void seen.push(`${time.now()} ${what}`) };
}

describe('virtual time', () => {
  it('runs work at its time, in the order it was asked for', async () => {
    const { time, seen, see } = stage();
    time.at(20, () => see('c'));
    time.at(10, () => see('a'));
    time.schedule(() => see('b'), 10);
    await time.run(100);
    expect(seen).toEqual(['10 a', '10 b', '20 c']);
  });

  it('runs deferred work in the same instant, behind what is there', async () => {
    const { time, seen, see } = stage();
    time.at(5, () => {
      time.defer(() => see('deferred'));
      see('first');
    });
    time.at(5, () => see('second'));
    await time.run(100);
    expect(seen).toEqual(['5 first', '5 second', '5 deferred']);
  });

  it('gives promises their turn between two instants', async () => {
    const { time, seen, see } = stage();
    void (async () => {
      await time.wait(10);
      see('awake');
      await Promise.resolve();
      await time.wait(0);
      see('again');
    })();
    time.at(11, () => see('later'));
    await time.run(100);
    expect(seen).toEqual(['10 awake', '10 again', '11 later']);
  });

  it('stops at the time it is told to, and when it is told that all is over', async () => {
    const { time, seen, see } = stage();
    for (const at of [10, 20, 30]) time.at(at, () => see('x'));
    await time.run(20);
    expect(seen).toEqual(['10 x', '20 x']);
    await time.run(100, () => true);
    expect(seen).toHaveLength(2);
  });

  it('counts the timers that run, those let go not among them', () => {
    const { time } = stage();
    const timer = time.at(10, () => {});
    time.at(20, () => {});
    expect(time.timers).toBe(2);
    timer.unsubscribe();
    expect(time.timers).toBe(1);
  });

  it('comes to an end when somebody schedules without end', async () => {
    const { time } = stage(500);
    const again = (): void => time.defer(again);
    again();
    await time.run(100);
    expect([time.exhausted, time.timers]).toEqual([true, 0]);
  });

  it('is a scheduler for RxJS', async () => {
    const { time, seen, see } = stage();
    const subscription = interval(7, time).subscribe((n) => see(`${n}`));
    await time.run(21);
    subscription.unsubscribe();
    expect([seen, time.timers]).toEqual([['7 0', '14 1', '21 2'], 0]);
  });

  it('lets an error of a timer through', async () => {
    const { time } = stage();
    time.at(1, () => {
      throw new Error('boom');
    });
    await expect(time.run(10)).rejects.toThrow('boom');
  });
});
