import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { HoleAlarm } from '../../operators/hole-alarm.js';

/** An alarm over holes of which only is said when the first is due, when it rang, and a clock that can be set back. */
function alarmOf(longestMs = 100) {
  const scheduler = new VirtualTimeScheduler();
  const rang: number[] = [];
  const holes = { dueAt: Infinity };
  let offset = 0;
  const clock = { now: () => scheduler.now() + offset, schedule: scheduler.schedule.bind(scheduler) };
  const alarm = new HoleAlarm(holes, clock, longestMs, (now) => {
    rang.push(now);
    holes.dueAt = Infinity;
  });
  const due = (at: number): void => {
    holes.dueAt = at;
    alarm.arm();
  };
  return { alarm, due, scheduler, rang, setBack: (ms: number) => (offset -= ms) };
}

describe('HoleAlarm', () => {
  it('rings when the first hole is due, and can be armed again', () => {
    const { due, scheduler, rang } = alarmOf();
    due(10);
    scheduler.flush();
    due(30);
    scheduler.flush();
    expect(rang).toEqual([10, 30]);
  });

  it('rings earlier when a hole is opened that is due earlier, and is not put off', () => {
    const { due, scheduler, rang } = alarmOf();
    due(20);
    due(5);
    due(20);
    scheduler.flush();
    expect(rang).toEqual([5]);
  });

  it('does not ring for no hole, and rings at once for one that is due', () => {
    const { due, scheduler, rang } = alarmOf();
    due(Infinity);
    scheduler.flush();
    expect(rang).toEqual([]);
    due(-5);
    scheduler.flush();
    expect(rang).toEqual([0]);
  });

  it('does not ring when it was cancelled', () => {
    const { alarm, due, scheduler, rang } = alarmOf();
    due(10);
    alarm.cancel();
    scheduler.flush();
    expect(rang).toEqual([]);
  });

  it('waits no longer and says no less when the clock was set back', () => {
    const { due, scheduler, rang, setBack } = alarmOf(100);
    setBack(1000);
    due(50);
    setBack(1000);
    scheduler.flush();
    expect(scheduler.now()).toBe(100);
    expect(rang).toEqual([50]);
  });
});
