import { defer, map, type Observable, type OperatorFunction, Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OperatorStage } from '../../src/testing/operator-stage.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stageOf(operator: OperatorFunction<number, number>): OperatorStage<number, number> {
  const stage: OperatorStage<number, number> = new OperatorStage(new Subject<number>(), () =>
    stage.source.pipe(operator),
  );
  return stage;
}

describe('OperatorStage', () => {
  it('keeps what came out, and how it ended', () => {
    const stage = stageOf(map((n) => n * 2)).subscribe();
    const seen: number[] = [];
    stage.onValue = () => seen.push(stage.values.length);
    stage.source.next(1);
    stage.source.next(2);
    expect(stage).toMatchObject({ values: [2, 4], ended: undefined });
    stage.source.complete();
    expect(stage).toMatchObject({ values: [2, 4], ended: 'complete' });
    expect(seen).toEqual([1, 2]);
  });

  it('begins anew with each subscription, on another source where the last has ended', () => {
    const stage = stageOf(map((n) => n)).subscribe();
    const first = stage.source;
    first.next(1);
    stage.subscription!.unsubscribe();
    stage.subscribe();
    expect(stage.source).toBe(first);
    expect(stage.values).toEqual([]);
    const failure = new Error('the source failed');
    first.error(failure);
    expect(stage).toMatchObject({ ended: 'error', error: failure });
    stage.subscribe();
    expect(stage.source).not.toBe(first);
    expect(stage.ended).toBeUndefined();
    stage.source.next(3);
    expect(stage.values).toEqual([3]);
  });

  it('is silent when nothing is left of what was subscribed', () => {
    const stage = stageOf(map((n) => n)).subscribe();
    expect(() => stage.expectSilence()).toThrow('the source is still subscribed');
    stage.source.complete();
    stage.expectSilence();
  });

  it('is not silent while a timer runs', () => {
    const alarming = (source: Observable<number>): Observable<number> =>
      defer(() => {
        setTimeout(() => {}, 5);
        return source;
      });
    const stage = stageOf(alarming).subscribe();
    stage.source.complete();
    expect(() => stage.expectSilence()).toThrow('timers left');
  });
});
