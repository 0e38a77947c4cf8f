import { describe, expect, it } from 'vitest';
import { RunTimeline } from '../../src/components/run-timeline.js';

function timeline(count: number): RunTimeline {
  const made = new RunTimeline();
  for (let at = 0; at < count; at++) {
    made.add({ type: 'step_progress', step: 'a', at: 1000 + at, data: { fraction: at / count } });
  }
  return made;
}

const fraction = (run: RunTimeline, time: number) => run.at(time).steps.get('a')?.fraction;

describe('RunTimeline', () => {
  it('shows what a run looked like at any time, forwards and backwards', () => {
    const run = timeline(10);
    expect([run.startedAt, run.lastAt]).toEqual([1000, 1009]);
    expect([1005, 1008, 1002, 999, 2000].map((time) => fraction(run, time))).toEqual([0.5, 0.8, 0.2, undefined, 0.9]);
    expect(run.latest.steps.get('a')!.fraction).toBe(0.9);
  });

  it('goes on when events come while somebody looks back', () => {
    const run = timeline(3);
    expect(fraction(run, 5000)).toBe(2 / 3);
    run.add({ type: 'step_progress', step: 'a', at: 2000, data: { fraction: 1 } });
    expect(fraction(run, 5000)).toBe(1);
  });

  it('keeps only so many events, and counts the others', () => {
    const run = timeline(50_010);
    expect(run.dropped).toBe(10);
    expect(run.latest.lastAt).toBe(51_009);
  });

  it('keeps only so many bytes of them', () => {
    const run = new RunTimeline();
    for (let at = 0; at < 40; at++) run.add({ type: 'step_log', step: 'a', at, data: {} }, 1 << 20);
    expect([run.dropped, run.lastAt]).toEqual([8, 39]);
  });

  it('does not go back when who took the run up has another clock', () => {
    const run = timeline(3);
    run.add({ type: 'step_progress', step: 'a', at: 5, data: { fraction: 1 } });
    expect([run.lastAt, fraction(run, 1001), fraction(run, 1002)]).toEqual([1002, 1 / 3, 1]);
  });

  it('is nothing at first', () => {
    const run = new RunTimeline();
    expect([run.startedAt, run.lastAt, run.latest.steps.size]).toEqual([0, 0, 0]);
  });
});
