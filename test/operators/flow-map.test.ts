import fc from 'fast-check';
import { map, of, Subject, take, timer, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { flowMap, type FlowMapOptions } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';

operatorLaws<number>('flowMap', () => flowMap((item) => [item], { flow: createFlow() }), {
  flat: true,
  throwing: { project: (boom) => flowMap<number, number>(boom, { flow: createFlow() }) },
});
operatorLaws('flowMap in order', () => flowMap((item: object) => of(item), { flow: createFlow(), concurrency: 3 }), {
  item: (n) => ({ n }),
  flat: true,
  holds: 0,
});

/** Three milliseconds of work. */
const work = (item: string) => timer(3).pipe(map(() => item));

function expectFlow(options: Omit<FlowMapOptions, 'flow'>, source: string, result: string, error?: unknown): void {
  for (const temperature of ['cold', 'hot'] as const) {
    marbles(({ expectObservable, ...make }) => {
      const flow = createFlow();
      const output = make[temperature](source).pipe(flowMap(work, { flow, ...options }));
      expectObservable(output).toBe(result, undefined, error);
    });
  }
}

describe('flowMap', () => {
  it('works on one after another, and ends when all is done', () => {
    expectFlow({}, 'a--b--c|', '---a--b--(c|)');
    expectFlow({}, 'abc|', '---a--b--(c|)');
  });

  it('works on several at a time', () => {
    expectFlow({ concurrency: 2 }, 'abcd|', '---ab-c(d|)');
  });

  it('fails when more comes than a source was to be stopped for', () => {
    const error = streamError('backpressure-broken', 'lane "work" holds 4', 'window of 2');
    expectFlow({ name: 'work', window: 2, tolerance: 1 }, 'abcd', '---#', error);
  });

  it('fails as its work does, and gives up what waits', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('ab-----');
      const failing = () => timer(2).pipe(map((): string => JSON.parse('{')));
      const output = source.pipe(flowMap(failing, { flow: createFlow() }));
      expectObservable(output).toBe('--#', undefined, expect.any(SyntaxError));
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  /** Work that the test finishes. */
  function bench(options: Omit<FlowMapOptions, 'flow'>) {
    const flow = createFlow();
    const jobs: Subject<string>[] = [];
    const source = new Subject<number>();
    const got: string[] = [];
    const subscription = source
      .pipe(flowMap((item: number) => (jobs[item] = new Subject<string>()), { flow, ...options }))
      .subscribe({ next: (result) => void got.push(result), complete: () => got.push('completed') });
    return { flow, jobs, source, got, subscription };
  }

  it('keeps results back until those of all items before are out', () => {
    const { jobs, source, got, flow } = bench({ concurrency: 3 });
    for (const item of [0, 1, 2]) source.next(item);
    source.complete();
    jobs[2]!.next('2a');
    jobs[1]!.next('1a');
    jobs[0]!.next('0a');
    expect(got).toEqual(['0a']);
    jobs[2]!.complete();
    expect(got).toEqual(['0a']);
    expect(flow.stats.held).toBe(3 + 2);
    jobs[0]!.complete();
    expect(got).toEqual(['0a', '1a']);
    jobs[1]!.next('1b');
    expect(got).toEqual(['0a', '1a', '1b']);
    jobs[1]!.complete();
    expect(got).toEqual(['0a', '1a', '1b', '2a', 'completed']);
    expect(flow.stats.held).toBe(0);
  });

  it('emits results as they are ready when told that order does not matter', () => {
    const { jobs, source, got } = bench({ concurrency: 3, ordered: false });
    for (const item of [0, 1, 2]) source.next(item);
    jobs[2]!.next('2a');
    jobs[0]!.next('0a');
    expect(got).toEqual(['2a', '0a']);
  });

  it('counts results that wait, and fails beyond the tolerance', () => {
    const errors: unknown[] = [];
    const source = new Subject<number>();
    const flow = createFlow();
    const talkative = (item: number) => (item === 0 ? new Subject<number>() : of(1, 2, 3, 4, 5));
    source
      .pipe(flowMap(talkative, { flow, concurrency: 2, window: 2, tolerance: 2 }))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    source.next(0);
    source.next(1);
    expect(errors).toEqual([streamError('backpressure-broken', 'holds 5')]);
    expect(flow.open).toBe(true);
  });

  it('keeps order when its consumer feeds it', () => {
    const { jobs, source, got, flow } = bench({ concurrency: 4 });
    source.next(0);
    source.next(1);
    const results = ['1a', '1b'];
    jobs[1]!.next(results[0]!);
    jobs[1]!.next(results[1]!);
    jobs[1]!.complete();
    jobs[0]!.subscribe(() => {
      source.next(2);
      jobs[2]!.next('2a');
      jobs[2]!.complete();
    });
    jobs[0]!.next('0a');
    jobs[0]!.complete();
    expect(got).toEqual(['0a', '1a', '1b', '2a']);
    expect(flow.stats.held).toBe(0);
  });

  it('lets go of work and lane when unsubscribed, also in the middle of what was kept back', () => {
    const { jobs, source, got, flow, subscription } = bench({ concurrency: 2, window: 2 });
    source.next(0);
    source.next(1);
    expect(flow.open).toBe(false);
    jobs[1]!.next('1a');
    subscription.unsubscribe();
    expect([flow.open, jobs.map(({ observed }) => observed), got]).toEqual([true, [false, false], []]);
  });

  it('stops in the middle of what was kept back when its consumer has enough', () => {
    const source = new Subject<number>();
    const jobs: Subject<number>[] = [];
    const got: number[] = [];
    const flow = createFlow();
    const subscription = source
      .pipe(flowMap((item: number) => (jobs[item] = new Subject<number>()), { flow, concurrency: 2 }))
      .subscribe((result) => {
        got.push(result);
        if (result === 10) subscription.unsubscribe();
      });
    source.next(0);
    source.next(1);
    for (const result of [10, 11]) jobs[1]!.next(result);
    jobs[0]!.complete();
    expect(got).toEqual([10]);
    expect(flow.stats.held).toBe(0);
  });

  it('aborts work that is no longer wanted, and none that is done', async () => {
    const signals: AbortSignal[] = [];
    const source = new Subject<number>();
    const subscription = source
      .pipe(
        flowMap(
          (item: number, { signal }) => {
            signals.push(signal);
            return item === 0 ? [0] : new Promise<number>(() => {});
          },
          { flow: createFlow() },
        ),
      )
      .subscribe();
    source.next(0);
    source.next(1);
    subscription.unsubscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });

  it('gives what a plain sequential map would, however long each piece of work takes', () => {
    const job = fc.record({ ms: fc.nat(5), results: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(job, { maxLength: 20 }), fc.integer({ min: 1, max: 5 }), (jobs, concurrency) => {
        const scheduler = new VirtualTimeScheduler();
        const got: string[] = [];
        const flow = createFlow();
        of(...jobs.keys())
          .pipe(
            flowMap(
              (index) => {
                const { ms, results } = jobs[index]!;
                return timer(ms, 1, scheduler).pipe(
                  take(results),
                  map((n) => `${index}.${n}`),
                );
              },
              { flow, concurrency, window: 256 },
            ),
          )
          .subscribe({ next: (result: string) => void got.push(result), complete: () => got.push('completed') });
        scheduler.flush();
        const expected = jobs.flatMap(({ results }, index) =>
          Array.from({ length: results }, (_, n) => `${index}.${n}`),
        );
        expect(got).toEqual([...expected, 'completed']);
        expect(flow.stats.held).toBe(0);
      }),
    );
  });

  it('refuses a wrong concurrency', () => {
    const make = () => flowMap(work, { flow: createFlow(), concurrency: 0 });
    expect(make).toThrow(new RangeError('concurrency must be a whole number of at least 1 or Infinity, got 0'));
  });

  /** Work that the test finishes, with a consumer that may act on the first result of the second item. */
  function within(act: (jobs: readonly Subject<string>[]) => void) {
    const source = new Subject<number>();
    const jobs: Subject<string>[] = [];
    const got: string[] = [];
    source
      .pipe(flowMap((item: number) => (jobs[item] = new Subject<string>()), { flow: createFlow(), concurrency: 4 }))
      .subscribe((result) => {
        got.push(result);
        if (result === '1a') act(jobs);
      });
    for (const item of [0, 1, 2, 3]) source.next(item);
    return { jobs, got };
  }

  it('keeps order when its consumer makes the work on the same item give more', () => {
    const { jobs, got } = within(([, second]) => second!.next('1c'));
    for (const result of ['1a', '1b']) jobs[1]!.next(result);
    jobs[0]!.complete();
    expect(got).toEqual(['1a', '1b', '1c']);
  });

  it('leaves nobody out when its consumer ends other work meanwhile', () => {
    const { jobs, got } = within(([, , , last]) => last!.complete());
    jobs[1]!.next('1a');
    jobs[1]!.complete();
    jobs[0]!.complete();
    jobs[2]!.next('2a');
    expect(got).toEqual(['1a', '2a']);
  });

  it('keeps order when what its consumer does with a result ends the work on the next item', () => {
    const source = new Subject<number>();
    const jobs: Subject<string>[] = [];
    const got: string[] = [];
    source
      .pipe(flowMap((item: number) => (jobs[item] = new Subject<string>()), { flow: createFlow(), concurrency: 3 }))
      .subscribe((result) => {
        got.push(result);
        if (result !== '1a') return;
        jobs[2]!.next('2a');
        jobs[2]!.complete();
        jobs[1]!.next('1c');
      });
    for (const item of [0, 1, 2]) source.next(item);
    for (const result of ['1a', '1b']) jobs[1]!.next(result);
    jobs[0]!.complete();
    expect(got).toEqual(['1a', '1b', '1c']);
    jobs[1]!.complete();
    expect(got).toEqual(['1a', '1b', '1c', '2a']);
  });

  it.each([
    [100, 100],
    [Infinity, 64],
  ])('works on up to %d at a time: %d of them at least', (concurrency, most) => {
    const source = new Subject<number>();
    let running = 0;
    source.pipe(flowMap(() => (running++, new Subject<number>()), { flow: createFlow(), concurrency })).subscribe();
    for (let item = 0; item < most; item++) source.next(item);
    expect(running).toBe(most);
  });
});
