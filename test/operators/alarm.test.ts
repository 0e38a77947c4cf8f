import { asyncScheduler, VirtualTimeScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from '../../operators/alarm.js';

describe('Alarm', () => {
  let rung: number[];
  let alarm: Alarm;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    rung = [];
    alarm = new Alarm(asyncScheduler, () => rung.push(Date.now()));
  });
  afterEach(() => vi.useRealTimers());

  it('rings once, when it was set to', () => {
    alarm.set(5);
    expect(alarm.pending).toBe(true);
    expect(alarm.leftMs).toBe(5);
    vi.advanceTimersByTime(100);
    expect(rung).toEqual([5]);
    expect(alarm.pending).toBe(false);
    expect(alarm.leftMs).toBe(Infinity);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rings when it was set to last, if that is later', () => {
    alarm.set(5);
    vi.advanceTimersByTime(3);
    alarm.set(10);
    vi.advanceTimersByTime(100);
    expect(rung).toEqual([13]);
  });

  it('rings when it was set to last, if that is sooner', () => {
    alarm.set(10);
    vi.advanceTimersByTime(3);
    alarm.set(2);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(rung).toEqual([5]);
  });

  it('arms one timer, however often it is set', () => {
    const schedule = vi.spyOn(asyncScheduler, 'schedule');
    for (let n = 0; n < 1000; n++) alarm.set(5);
    expect(schedule).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(1);
    schedule.mockRestore();
  });

  it('leaves no timer at all when cancelled, and can be set again', () => {
    alarm.cancel();
    alarm.set(5);
    alarm.cancel();
    expect(alarm.pending).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    alarm.set(7);
    vi.advanceTimersByTime(100);
    expect(rung).toEqual([7]);
  });

  it('can be set again while it rings', () => {
    const ticks: number[] = [];
    const ticking: Alarm = new Alarm(asyncScheduler, () => {
      ticks.push(Date.now());
      if (ticks.length < 3) ticking.set(4);
    });
    ticking.set(4);
    vi.advanceTimersByTime(100);
    expect(ticks).toEqual([4, 8, 12]);
  });

  it('does not wait for a clock that was put back', () => {
    alarm.set(10);
    vi.setSystemTime(-3_600_000);
    vi.advanceTimersByTime(10);
    expect(rung).toHaveLength(1);
  });

  it('keeps the process alive, unless it only tidies up', () => {
    vi.useRealTimers();
    const alive = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = alive();
    const tidying = new Alarm(asyncScheduler, () => {}, true);
    tidying.set(60_000);
    expect(alive()).toBe(before);
    alarm.set(60_000);
    expect(alive()).toBe(before + 1);
    alarm.cancel();
    tidying.cancel();
  });

  it('rings although it only tidies up', () => {
    const tidying = new Alarm(asyncScheduler, () => rung.push(Date.now()), true);
    tidying.set(5);
    vi.advanceTimersByTime(5);
    expect(rung).toEqual([5]);
  });

  it('tidies up on timers that know nothing of a process', () => {
    // As in a browser, where a timer is a number.
    vi.stubGlobal('setInterval', () => 1);
    const tidying = new Alarm(asyncScheduler, () => {}, true);
    expect(() => tidying.set(5)).not.toThrow();
    tidying.cancel();
    vi.unstubAllGlobals();
  });

  it('runs on the scheduler it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    for (const background of [false, true]) {
      const virtual = new Alarm(scheduler, () => rung.push(scheduler.now()), background);
      virtual.set(5);
      virtual.set(8);
    }
    scheduler.flush();
    expect(rung).toEqual([8, 8]);
  });
});
