import { map, Subject, timer } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backpressure, fanOut, type FanOutOptions, flowMap, gate, type GateOptions } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { fromPull, toAsyncIterable } from '../../src/source/iterable.js';
import { operatorLaws } from '../../src/testing/index.js';
import { gap, item, type Item, streamError } from './alphabet.js';

operatorLaws<Item>(
  'fanOut and gate',
  (probe) => (source) => source.pipe(fanOut(), gate({ flow: createFlow(), probe })),
  {
    item,
    shared: true,
    flat: true,
    holds: 0,
  },
);

/** A hub whose source is fed by hand, and subscribers that are busy with an item until told otherwise. */
function hub(options: FanOutOptions<Item> = {}) {
  const source = new Subject<Item>();
  const shared = source.pipe(fanOut(options));
  let next = 0;
  const feed = (count: number) => {
    for (let n = 0; n < count; n++) source.next(item(next++));
  };
  const fast = () => {
    const got: unknown[] = [];
    shared.subscribe({ next: (each) => got.push(each.seq), complete: () => got.push('completed') });
    return got;
  };
  const slow = (rules: Omit<GateOptions<Item>, 'flow'>) => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'consumer', window: 1 });
    const got: unknown[] = [];
    shared.pipe(gate<Item>({ flow, ...rules })).subscribe({
      next: (each) => {
        got.push('seq' in each ? each.seq : each);
        lane.hold();
      },
      error: (error: unknown) => got.push(error),
      complete: () => got.push('completed'),
    });
    const work = (count = Infinity) => {
      for (let n = 0; n < count && lane.held > 0; n++) lane.release();
    };
    return { got, work, flow };
  };
  return { source, shared, feed, fast, slow };
}

describe('a slow subscriber of fanOut', () => {
  it('loses its oldest items alone, and is told which', () => {
    const { feed, fast, slow, source } = hub();
    const all = fast();
    const { got, work } = slow({ capacity: 2, overflow: 'drop-oldest', announce: true });
    feed(6);
    source.complete();
    work();
    expect(all).toEqual([0, 1, 2, 3, 4, 5, 'completed']);
    expect(got).toEqual([0, gap(1, 4, 'dropped'), 4, 5, 'completed']);
  });

  it('is let go alone when it may lose nothing', () => {
    const { feed, fast, slow, source } = hub();
    const { got } = slow({ capacity: 2 });
    const all = fast();
    feed(4);
    expect(got).toEqual([0, streamError('overflow', 'gate: 2 items are waiting')]);
    feed(1);
    source.complete();
    expect(all).toEqual([0, 1, 2, 3, 4, 'completed']);
  });

  it('may come back, and gets the replay', () => {
    const { feed, fast, slow } = hub({ replay: { count: 3 } });
    fast();
    slow({ capacity: 1 });
    feed(5);
    const { got, work } = slow({ capacity: 1 });
    work();
    expect(got).toEqual([2, 3, 4]);
  });

  it('gets a replay that is longer than what may wait, and then may have as many waiting as ever', () => {
    const { feed, fast, slow } = hub({ replay: { count: 9 } });
    fast();
    feed(9);
    const { got, work } = slow({ capacity: 2 });
    work(8);
    feed(2);
    work(2);
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    feed(3);
    expect(got.at(-1)).toEqual(streamError('overflow', 'gate: 2 items are waiting'));
  });

  it('is let go when too much comes before it has worked off the replay', () => {
    const { feed, fast, slow } = hub({ replay: { count: 9 } });
    fast();
    feed(9);
    const { got } = slow({ capacity: 2 });
    feed(2);
    expect(got).toEqual([0]);
    feed(1);
    expect(got).toEqual([0, streamError('overflow', 'gate: 2 items are waiting')]);
  });

  it('gets of a replay what may wait, where it may lose some', () => {
    const { feed, fast, slow } = hub({ replay: { count: 9 } });
    fast();
    feed(9);
    const { got, work } = slow({ capacity: 2, overflow: 'drop-oldest', announce: true });
    work();
    expect(got).toEqual([0, gap(1, 7, 'dropped'), 7, 8]);
  });

  it('gets the replay of what has ended at its own pace, and the end behind it', () => {
    const { feed, fast, slow, source } = hub({ replay: { count: 9 }, retainMs: 1000 });
    vi.useFakeTimers();
    fast();
    feed(3);
    source.complete();
    const { got, work } = slow({ capacity: 1 });
    expect(got).toEqual([0]);
    work();
    expect(got).toEqual([0, 1, 2, 'completed']);
    vi.useRealTimers();
  });

  it('gets such a replay through backpressure, too', () => {
    const { feed, fast, shared } = hub({ replay: { count: 9 } });
    fast();
    feed(5);
    const jobs: Subject<never>[] = [];
    const errors: unknown[] = [];
    const work = () => jobs[jobs.push(new Subject<never>()) - 1]!;
    shared.pipe(backpressure(work, { capacity: 1 })).subscribe({ error: (error) => errors.push(error) });
    for (let n = 0; n < 4; n++) jobs[n]!.complete();
    expect(jobs).toHaveLength(5);
    feed(2);
    expect(errors).toEqual([streamError('overflow', 'backpressure: 1 items are waiting')]);
  });
});

/** A generator that says how far it ran. */
function counter(length: number) {
  const state = { made: 0 };
  function* items() {
    while (state.made < length) yield state.made++;
  }
  return { state, items };
}

const after =
  (workMs: number) =>
  <T>(each: T) =>
    timer(workMs).pipe(map(() => each));

describe('the slowest subscriber of fanOut', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('stops the source, which never gets further ahead of it than may wait', async () => {
    const upstream = createFlow();
    const { state, items } = counter(100);
    const shared = fromPull(items, { flow: upstream }).pipe(fanOut());
    const done: string[] = [];
    let ahead = 0;
    const subscribe = (name: string, workMs: number) => {
      const flow = createFlow();
      const paced = shared.pipe(gate({ flow, upstream, capacity: 8 }), flowMap(after(workMs), { flow, window: 1 }));
      let seen = 0;
      paced.subscribe({
        next: (each) => {
          expect(each).toBe(seen++);
          ahead = Math.max(ahead, state.made - seen);
        },
        complete: () => done.push(name),
      });
    };
    subscribe('fast', 1);
    subscribe('slow', 5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toEqual(['fast', 'slow']);
    // What waits and what is in work, less the one that is out.
    expect(ahead).toBe(8);
    expect(upstream.stats).toMatchObject({ held: 0, unaccounted: 0, lanes: [] });
  });

  it('stops it as a loop, too, and no longer once it has left the loop', async () => {
    const upstream = createFlow();
    const { state, items } = counter(1000);
    const shared = fromPull(items, { flow: upstream }).pipe(fanOut());
    const all: number[] = [];
    shared.subscribe((each) => all.push(each));
    const flow = createFlow();
    const paced = shared.pipe(gate({ flow, upstream, capacity: 4 }));
    const seen: number[] = [];
    for await (const each of toAsyncIterable(paced, { flow, capacity: 1 })) {
      seen.push(each);
      await vi.advanceTimersByTimeAsync(10);
      expect(state.made).toBeLessThanOrEqual(seen[0]! + seen.length + 4 + 1);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => seen[0]! + n));
    await vi.advanceTimersByTimeAsync(1000);
    expect(all).toHaveLength(1000);
  });

  it('gets a replay of any length before what it stops the source for', async () => {
    const upstream = createFlow();
    const { state, items } = counter(1000);
    const shared = fromPull(items, { flow: upstream, maxBurst: 300 }).pipe(fanOut({ replay: { maxAgeMs: 60_000 } }));
    shared.subscribe();
    await vi.advanceTimersByTimeAsync(0);
    const flow = createFlow();
    const seen: number[] = [];
    shared
      .pipe(gate({ flow, upstream, capacity: 2 }), flowMap(after(1), { flow, window: 1 }))
      .subscribe((each) => seen.push(each));
    const joined = state.made;
    await vi.advanceTimersByTimeAsync(100);
    expect(state.made).toBeLessThanOrEqual(joined + 2 + 1);
    expect(upstream.stats.unaccounted).toBe(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  it('stops nobody during the grace, when it has left', async () => {
    const upstream = createFlow();
    const { state, items } = counter(100);
    const shared = fromPull(items, { flow: upstream }).pipe(fanOut({ graceMs: 1000 }));
    const flow = createFlow();
    const leaving = shared.pipe(gate({ flow, upstream }), flowMap(after(60_000), { flow })).subscribe();
    await vi.advanceTimersByTimeAsync(10);
    leaving.unsubscribe();
    await vi.advanceTimersByTimeAsync(10);
    expect(state.made).toBe(100);
  });
});
