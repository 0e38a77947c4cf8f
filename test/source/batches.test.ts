import { concat, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { toBatches } from '../../src/source/batches.js';
import { fromPull } from '../../src/source/iterable.js';
import { streamError } from '../operators/alphabet.js';

describe('toBatches', () => {
  it('yields everything that came since the last look, then ends', async () => {
    const source = new Subject<number>();
    const batches = toBatches(source, { capacity: 8 });
    const first = batches.next();
    for (const item of [1, 2, 3]) source.next(item);
    expect((await first).value).toEqual([1, 2, 3]);
    source.next(4);
    source.complete();
    expect((await batches.next()).value).toEqual([4]);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it('delivers what waits before the error', async () => {
    const batches = toBatches(
      concat(
        of(1, 2),
        throwError(() => new Error('cut')),
      ),
      { capacity: 8 },
    );
    expect((await batches.next()).value).toEqual([1, 2]);
    await expect(batches.next()).rejects.toThrow('cut');
  });

  it('is lazy, and lets the source go at once when it is left, also while it waits', async () => {
    let live = 0;
    const source = new Observable<number>((destination) => {
      live++;
      destination.add(() => void live--);
    });
    const batches = toBatches(source, { capacity: 1 });
    expect(live).toBe(0);
    const pending = batches.next();
    await undefined;
    expect(live).toBe(1);
    const left = batches.return!();
    expect(live).toBe(0);
    expect(await Promise.all([pending, left])).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('fails with more than fits, behind what waits', async () => {
    const source = new Subject<number>();
    const batches = toBatches(source, { capacity: 2 });
    const first = batches.next();
    for (const item of [1, 2, 3]) source.next(item);
    expect((await first).value).toEqual([1, 2]);
    await expect(batches.next()).rejects.toEqual(streamError('overflow', 'toBatches: 2 items wait'));
    expect(source.observed).toBe(false);
  });

  it('stops the source while the consumer is behind, and loses nothing', async () => {
    const flow = createFlow();
    let pulled = 0;
    function* numbers() {
      while (pulled < 1000) yield pulled++;
    }
    const got: number[] = [];
    let ahead = 0;
    for await (const batch of toBatches(fromPull(numbers, { flow }), { capacity: 16, flow })) {
      got.push(...batch);
      await new Promise((resolve) => setImmediate(resolve));
      ahead = Math.max(ahead, pulled - got.length);
    }
    expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(ahead).toBeLessThanOrEqual(16);
    expect(flow.stats).toMatchObject({ held: 0, unaccounted: 0, lanes: [] });
  });

  it('lets the flow go when it fails', async () => {
    const flow = createFlow();
    const source = new Subject<number>();
    const batches = toBatches(source, { capacity: 1, flow });
    const first = batches.next();
    for (const item of [1, 2, 3]) source.next(item);
    expect((await first).value).toEqual([1, 2]);
    await expect(batches.next()).rejects.toEqual(streamError('backpressure-broken', 'toBatches'));
    expect([flow.open, flow.stats.lanes]).toEqual([true, []]);
  });

  it('lets the flow go by a break and by a disposal', async () => {
    const flow = createFlow();
    for await (const batch of toBatches(concat(of(1, 2), NEVER), { capacity: 2, flow })) {
      expect(batch).toEqual([1, 2]);
      break;
    }
    {
      await using batches = toBatches(NEVER, { capacity: 2, flow });
      void batches.next();
    }
    expect(flow.stats.lanes).toEqual([]);
  });

  it('refuses a wrong capacity', () => {
    expect(() => toBatches(NEVER, { capacity: 0 })).toThrow(
      new RangeError('capacity must be a whole number of at least 1, got 0'),
    );
  });
});
