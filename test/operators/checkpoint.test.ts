import fc from 'fast-check';
import { asyncScheduler, config, from, Subject, take } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkpoint, type CheckpointOptions } from '../../operators/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { alphabet, end, gap, item, type Item, mark, streamError } from './alphabet.js';
import { checkTimeless } from './each-item.js';

const save = () => {};
const position = (n: number) => n;
operatorLaws<number>('checkpoint', () => checkpoint({ save, position, everyItems: 2 }), {
  throwing: {
    save: (boom) => checkpoint({ save: boom, position, everyItems: 2 }),
    position: (boom) => checkpoint({ save, position: boom }),
  },
});
operatorLaws<Item>('checkpoint', () => checkpoint({ save }), { item, holds: 0 });

/** Checks a picture, and says what was saved in which frame. */
function picture(
  options: Partial<CheckpointOptions<Item>>,
  shown: { source: string; subscription: string; consumer?: string; result?: string },
): string[] {
  const saved: string[] = [];
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold<Item>(shown.source, { ...alphabet, G: gap(9, 10), E: end(20), M: mark(30) } as never);
    const keep = (seq: number) => void saved.push(`${seq} at ${asyncScheduler.now()}`);
    const output = source.pipe(checkpoint({ save: keep, everyMs: Infinity, ...options }));
    const values = { ...alphabet, G: gap(9, 10), E: end(20), M: mark(30) };
    expectObservable(output, shown.consumer).toBe(shown.result ?? shown.source, values);
    expectSubscriptions(source.subscriptions).toBe(shown.subscription);
  });
  return saved;
}

describe('checkpoint', () => {
  it('saves every so many items, after so many milliseconds, and what is left at the end', () => {
    const options = { everyItems: 2, everyMs: 4 };
    expect(picture(options, { source: '-ab-c-----d|', subscription: '^----------!' })).toEqual([
      '1 at 2',
      '2 at 8',
      '3 at 11',
    ]);
  });

  it('saves nothing twice, and nothing where nothing came', () => {
    expect(picture({ everyItems: 1 }, { source: '-a-b|', subscription: '^---!' })).toEqual(['0 at 1', '1 at 3']);
    expect(picture({}, { source: '----|', subscription: '^---!' })).toEqual([]);
  });

  it('saves the last however the stream ends', () => {
    expect(picture({}, { source: '-a-b-#', subscription: '^----!' })).toEqual(['1 at 5']);
    const leaving = { source: '-a-b-c|', consumer: '^---!', subscription: '^---!', result: '-a-b' };
    expect(picture({ everyMs: 9 }, leaving)).toEqual(['1 at 4']);
  });

  it('saves by time alone, or by count alone', () => {
    const source = { source: '-a-b-c-----d|', subscription: '^-----------!' };
    expect(picture({ everyItems: Infinity, everyMs: 3 }, source)).toEqual(['1 at 4', '2 at 8', '3 at 12']);
    expect(picture({ everyItems: 3 }, source)).toEqual(['2 at 5', '3 at 12']);
  });

  it('lets what stands for no position pass: notices, items without a number', () => {
    expect(picture({ everyItems: 1 }, { source: '-a-G-M-E|', subscription: '^-------!' })).toEqual(['0 at 1']);
    const saved: string[] = [];
    from(['a', '-', 'b'])
      .pipe(
        checkpoint<string, string>({
          save: (at) => saved.push(at),
          position: (at) => (at === '-' ? undefined : at),
          everyItems: 1,
        }),
      )
      .subscribe();
    expect(saved).toEqual(['a', 'b']);
  });

  it('saves an item only when the consumer has had it', () => {
    const log: string[] = [];
    from([0, 1])
      .pipe(checkpoint({ save: (at) => log.push(`saved ${at}`), position, everyItems: 1 }))
      .subscribe((n) => log.push(`seen ${n}`));
    expect(log).toEqual(['seen 0', 'saved 0', 'seen 1', 'saved 1']);
  });

  it('saves the item at which the consumer left, and none behind it', () => {
    const saved: number[] = [];
    from([0, 1, 2, 3])
      .pipe(checkpoint({ save: (at) => saved.push(at), position }), take(2))
      .subscribe();
    expect(saved).toEqual([1]);
  });

  it('saves the item in whose delivery the consumer left when that is over', () => {
    const source = new Subject<number>();
    const log: string[] = [];
    const output = source.pipe(checkpoint({ save: (at) => log.push(`saved ${at}`), position }));
    const subscription = output.subscribe((n) => {
      subscription.unsubscribe();
      log.push(`done ${n}`);
    });
    source.next(0);
    expect(log).toEqual(['done 0', 'saved 0']);
  });

  it('saves nothing from within a delivery, and never goes back', () => {
    const source = new Subject<number>();
    const log: string[] = [];
    source.pipe(checkpoint({ save: (at) => log.push(`saved ${at}`), position, everyItems: 1 })).subscribe((n) => {
      log.push(`begun ${n}`);
      if (n < 2) source.next(n + 1);
      log.push(`done ${n}`);
    });
    source.next(0);
    expect(log).toEqual(['begun 0', 'begun 1', 'begun 2', 'done 2', 'done 1', 'done 0', 'saved 2']);
  });

  it('arms one timer for many saves', () => {
    vi.useFakeTimers();
    const schedule = vi.spyOn(asyncScheduler, 'schedule');
    const source = new Subject<number>();
    const saved: number[] = [];
    const subscription = source.pipe(checkpoint({ save: (at) => saved.push(at), position, everyItems: 2 })).subscribe();
    for (let n = 0; n < 1000; n++) source.next(n);
    expect(saved).toHaveLength(500);
    expect(schedule).toHaveBeenCalledTimes(1);
    subscription.unsubscribe();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('reads no clock and arms no timer for each item', () =>
    checkTimeless(checkpoint({ save, position, everyItems: 5000 })));

  describe('with a save that takes its time', () => {
    /** Saves that end when the test says so, and what became of the stream. */
    function stage(options: Partial<CheckpointOptions<number>> = {}) {
      const source = new Subject<number>();
      const saves: { at: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
      const seen: unknown[] = [];
      const later = (at: number) =>
        new Promise<void>((resolve, reject) => {
          saves.push({ at, resolve, reject });
        });
      const subscription = source.pipe(checkpoint({ save: later, position, everyItems: 2, ...options })).subscribe({
        next: (n) => seen.push(n),
        error: (error) => seen.push(error),
        complete: () => seen.push('complete'),
      });
      const begun = () => saves.map(({ at }) => at);
      const end = async (index: number, error?: unknown) => {
        if (error === undefined) saves[index]!.resolve();
        else saves[index]!.reject(error);
        await vi.advanceTimersByTimeAsync(0);
      };
      return { source, seen, subscription, begun, end };
    }

    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => {
      vi.useRealTimers();
      config.onUnhandledError = null;
    });

    it('begins no other meanwhile, and then saves only the newest', async () => {
      const { source, seen, begun, end: ends } = stage();
      for (let n = 0; n < 7; n++) source.next(n);
      expect(begun()).toEqual([1]);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
      await ends(0);
      expect(begun()).toEqual([1, 6]);
      await ends(1);
      expect(begun()).toEqual([1, 6]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(begun()).toEqual([1, 6]);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('does not save early what came meanwhile, if it is not due', async () => {
      const { source, begun, end: ends } = stage({ everyMs: 50 });
      for (let n = 0; n < 3; n++) source.next(n);
      await ends(0);
      expect(begun()).toEqual([1]);
      await vi.advanceTimersByTimeAsync(50);
      expect(begun()).toEqual([1, 2]);
    });

    it('saves what became due by time meanwhile', async () => {
      const { source, begun, end: ends } = stage({ everyMs: 50 });
      for (let n = 0; n < 3; n++) source.next(n);
      await vi.advanceTimersByTimeAsync(60);
      expect(begun()).toEqual([1]);
      await ends(0);
      expect(begun()).toEqual([1, 2]);
    });

    it('completes once the last is saved', async () => {
      const { source, seen, begun, end: ends } = stage();
      for (let n = 0; n < 3; n++) source.next(n);
      source.complete();
      expect(begun()).toEqual([1]);
      await ends(0);
      expect(begun()).toEqual([1, 2]);
      expect(seen).toEqual([0, 1, 2]);
      await ends(1);
      expect(seen).toEqual([0, 1, 2, 'complete']);
    });

    it('completes once the last is saved, though the source ended in its delivery', async () => {
      const source = new Subject<number>();
      const seen: unknown[] = [];
      let done = () => {};
      const later = () => new Promise<void>((resolve) => (done = resolve));
      source.pipe(checkpoint({ save: later, position })).subscribe({
        next: () => source.complete(),
        complete: () => seen.push('complete'),
      });
      source.next(0);
      await vi.advanceTimersByTimeAsync(0);
      expect(seen).toEqual([]);
      done();
      await vi.advanceTimersByTimeAsync(0);
      expect(seen).toEqual(['complete']);
    });

    it('ends at once with an error of the source, or when it is let go, and saves the last all the same', async () => {
      for (const finish of ['error', 'unsubscribe'] as const) {
        const { source, seen, subscription, begun, end: ends } = stage();
        for (let n = 0; n < 3; n++) source.next(n);
        if (finish === 'error') source.error('failed');
        else subscription.unsubscribe();
        expect(seen).toEqual(finish === 'error' ? [0, 1, 2, 'failed'] : [0, 1, 2]);
        expect(begun()).toEqual([1]);
        await ends(0);
        expect(begun()).toEqual([1, 2]);
        await ends(1);
        expect(seen.at(-1)).not.toBe('complete');
      }
    });

    it('fails when it is rejected, and saves no more', async () => {
      const { source, seen, begun, end: ends } = stage();
      for (let n = 0; n < 4; n++) source.next(n);
      await ends(0, new Error('full'));
      expect(seen).toEqual([0, 1, 2, 3, streamError('callback-failed', 'checkpoint', 'full')]);
      expect(source.observed).toBe(false);
      expect(begun()).toEqual([1]);
    });

    it('reports as unhandled what is rejected when the stream has ended', async () => {
      const unhandled: unknown[] = [];
      config.onUnhandledError = (error) => unhandled.push(error);
      const { source, subscription, begun, end: ends } = stage();
      for (let n = 0; n < 3; n++) source.next(n);
      subscription.unsubscribe();
      const full = new Error('full');
      await ends(0, full);
      await vi.advanceTimersByTimeAsync(1);
      expect(unhandled).toEqual([full]);
      expect(begun()).toEqual([1]);
    });
  });

  it('is never ahead of what was delivered, and never goes back', () => {
    const pauses = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 30 });
    const bound = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(pauses, bound, bound, (times, everyItems, everyMs) =>
        marbles(({ flush }) => {
          const source = new Subject<number>();
          const saves: { at: number; ms: number }[] = [];
          let delivered = -1;
          const keep = (at: number) => {
            expect(at).toBe(delivered);
            expect(at).toBeGreaterThan(saves.at(-1)?.at ?? -1);
            saves.push({ at, ms: asyncScheduler.now() });
          };
          source.pipe(checkpoint({ save: keep, position, everyItems, everyMs })).subscribe((n) => (delivered = n));
          const came: number[] = [];
          let at = 0;
          for (const [n, pause] of times.entries()) {
            came.push((at += pause));
            asyncScheduler.schedule(() => source.next(n), at);
          }
          asyncScheduler.schedule(() => source.complete(), at + 1);
          flush();
          expect(saves.at(-1)?.at).toBe(times.length - 1);
          // Every item is saved, as itself or with one behind it, in time and in number.
          for (const [n, ms] of came.entries()) {
            const by = saves.find((one) => one.at >= n)!;
            expect(by.ms - ms).toBeLessThanOrEqual(everyMs);
            expect(by.at - n).toBeLessThan(everyItems);
          }
        }),
      ),
    );
  });

  it.each([
    [{ save: undefined }, 'save must be a function, got undefined'],
    [{ position: 'seq' }, 'position must be a function, got a string'],
    [{ everyItems: 0 }, 'everyItems must be a whole number of at least 1 or Infinity, got 0'],
    [{ everyMs: 0.5 }, 'everyMs must be a whole number of at least 1 or Infinity, got 0.5'],
  ])('refuses %o', (options, message) => {
    expect(() => checkpoint({ save, ...(options as object) })).toThrow(message);
  });
});
