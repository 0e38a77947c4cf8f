import { bufferCount, delay, filter, from, mergeMap, of, share } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { drainTo, flowMap } from '../../operators/index.js';
import { StreamError } from '../../src/chunk/index.js';
import { BackpressureBrokenError, createFlow } from '../../src/flow/index.js';
import { fromPull } from '../../src/source/iterable.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A generator that says how far it ran. */
function counter(length: number) {
  const state = { pulled: 0 };
  function* items() {
    for (let item = 0; item < length; item++) {
      state.pulled++;
      yield item;
    }
  }
  return { state, items };
}

/** Runs a pipeline to its end. */
function finished(pipeline: { subscribe(observer: object): unknown }): Promise<void> {
  return new Promise((resolve, reject) => pipeline.subscribe({ complete: resolve, error: reject }));
}

describe('a flow', () => {
  it('is open until a lane is full, and again when that has emptied to its low mark', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 8 });
    lane.hold(7);
    expect(flow.open).toBe(true);
    lane.hold();
    expect(flow.open).toBe(false);
    lane.release(5);
    expect(flow.open).toBe(false);
    lane.release();
    expect(flow.open).toBe(true);
  });

  it('waits for the slowest of its lanes', () => {
    const flow = createFlow();
    const [one, other] = ['one', 'other'].map((name) => flow.lane({ name, window: 1 }));
    one!.hold();
    other!.hold();
    one!.release();
    expect(flow.open).toBe(false);
    other!.release();
    expect(flow.open).toBe(true);
  });

  it('does not wait for a lane that has closed, whatever it held', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'gone', window: 1 });
    lane.hold();
    lane.close();
    expect(flow.open).toBe(true);
    lane.hold();
    lane.release();
    lane.close();
    expect(flow).toMatchObject({ open: true, stats: { held: 0, lanes: [] } });
  });

  it('calls back once when it opens, at once when it is open, and not when called off', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const calls: string[] = [];
    const callOff = flow.whenOpen(() => calls.push('open already'));
    callOff();
    lane.hold();
    flow.whenOpen(() => calls.push('opened'));
    flow.whenOpen(() => calls.push('called off'))();
    expect(calls).toEqual(['open already']);
    lane.release();
    lane.hold();
    lane.release();
    expect(calls).toEqual(['open already', 'opened']);
  });

  it('does not call back who was called off by the one before', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const calls: string[] = [];
    lane.hold();
    flow.whenOpen(() => callOff());
    const callOff = flow.whenOpen(() => calls.push('called off'));
    lane.release();
    expect(calls).toEqual([]);
  });

  it('has the others wait on when the first it calls fills a lane again', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const calls: string[] = [];
    lane.hold();
    flow.whenOpen(() => {
      calls.push('first');
      lane.hold();
    });
    flow.whenOpen(() => calls.push('second'));
    lane.release();
    expect(calls).toEqual(['first']);
    lane.release();
    expect(calls).toEqual(['first', 'second']);
  });

  it('says what is held, was held at most, and came while no source emitted', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 4 });
    const seen = { next: () => lane.hold(2) };
    flow.emit(seen, 'an item');
    lane.hold();
    lane.release(2);
    expect(flow.stats).toEqual({
      held: 1,
      maxHeld: 3,
      unaccounted: 1,
      lanes: [{ name: 'stage', window: 4, held: 1 }],
    });
  });

  it('accounts on after an item at which a consumer threw', () => {
    const flow = createFlow();
    const throwing = {
      next: () => {
        throw new Error('from the consumer');
      },
    };
    expect(() => flow.emit(throwing, 1)).toThrow('from the consumer');
    flow.lane({ name: 'stage' }).hold();
    expect(flow.stats.unaccounted).toBe(1);
  });

  it('refuses more than window and tolerance, and names the lane', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'summaries', window: 2, tolerance: 1 });
    for (let i = 0; i < 3; i++) lane.hold();
    expect(() => lane.hold()).toThrow(BackpressureBrokenError);
    const other = flow.lane({ name: 'big', window: 10, tolerance: 0 });
    other.hold(1000);
    expect(() => other.hold()).toThrow(/lane "big" holds 1001 with a window of 10: .*asynchronous.*flowMap/);
    try {
      lane.hold();
    } catch (error) {
      expect(error).toBeInstanceOf(StreamError);
      expect(error).toMatchObject({ name: 'BackpressureBrokenError', code: 'backpressure-broken' });
      expect((error as StreamError).details.operator).toBe('summaries');
    }
  });

  it('tells an item that became too many from an operator that breaks the chain', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1, tolerance: 0 });
    const many = () => flow.emit({ next: () => [lane.hold(), lane.hold()] }, 'one item');
    expect(many).toThrow('one item of the source became more than it tolerates');
  });

  it('refuses to release what is not held', () => {
    const lane = createFlow().lane({ name: 'stage' });
    lane.hold();
    expect(() => lane.release(2)).toThrow(new RangeError('lane "stage" holds 1: cannot release 2'));
  });

  it.each([
    ['window', { window: 0 }],
    ['low', { window: 4, low: 4 }],
    ['tolerance', { tolerance: -1 }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => createFlow().lane({ name: 'stage', ...options })).toThrow(RangeError);
    expect(() => createFlow().lane({ name: 'stage', ...options })).toThrow(name);
  });
});

describe('a pipeline with a flow', () => {
  /** Runs numbers through a pipeline whose last stage takes its time, and watches how far the source is ahead. */
  async function run(
    length: number,
    window: number,
    middle: (source: ReturnType<typeof fromPull<number>>) => ReturnType<typeof fromPull<unknown>>,
  ) {
    const flow = createFlow();
    const { state, items } = counter(length);
    let done = 0;
    let ahead = 0;
    const slow = flowMap(
      async (item: unknown) => {
        ahead = Math.max(ahead, state.pulled - done);
        await tick();
        done += Array.isArray(item) ? item.length : 1;
        return item;
      },
      { flow, window },
    );
    await finished(middle(fromPull(items, { flow })).pipe(slow));
    return { flow, state, ahead, done };
  }

  it('pulls no further ahead than the window', async () => {
    const { ahead, done, flow } = await run(200, 8, (source) => source);
    expect(done).toBe(200);
    expect(ahead).toBeLessThanOrEqual(8);
    expect(flow.stats).toMatchObject({ held: 0, unaccounted: 0 });
    expect(flow.stats.maxHeld).toBeLessThanOrEqual(8);
  });

  it('does not wait for items that were taken out', async () => {
    const { state, flow } = await run(2000, 8, (source) => source.pipe(filter((item) => item % 100 === 0)));
    expect(state.pulled).toBe(2000);
    expect(flow.stats.maxHeld).toBeLessThanOrEqual(8);
  });

  it('counts a batch as one', async () => {
    const { ahead, done } = await run(200, 4, (source) => source.pipe(bufferCount(10)));
    expect(done).toBe(200);
    expect(ahead).toBeLessThanOrEqual(4 * 10 + 10);
  });

  it('counts every item that one became', async () => {
    const { flow } = await run(100, 8, (source) => source.pipe(mergeMap((item) => [item, item, item, item, item])));
    expect(flow.stats.maxHeld).toBeLessThanOrEqual(8 + 4);
  });

  it('names the stage that an asynchronous operator cuts off from its source', async () => {
    await expect(run(1000, 8, (source) => source.pipe(delay(1)))).rejects.toThrow(/lane "flowMap" holds \d+/);
    await expect(run(1000, 8, (source) => source.pipe(delay(1)))).rejects.toBeInstanceOf(BackpressureBrokenError);
  });

  it('lets the slowest of several consumers say how fast', async () => {
    const flow = createFlow();
    const { state, items } = counter(40);
    const shared = fromPull(items, { flow }).pipe(share());
    const counts = [0, 0];
    let skew = 0;
    const consumer = (index: number, ms: number) =>
      finished(
        shared.pipe(
          flowMap(
            async () => {
              await pause(ms);
              counts[index]!++;
              skew = Math.max(skew, state.pulled - Math.min(...counts));
              return [];
            },
            { flow, window: 8 },
          ),
        ),
      );
    await Promise.all([consumer(0, 0), consumer(1, 2)]);
    expect(counts).toEqual([40, 40]);
    expect(skew).toBeLessThanOrEqual(9);
  });

  it('goes on for the others when one consumer fails', async () => {
    const flow = createFlow();
    const shared = fromPull(counter(40).items, { flow }).pipe(share());
    const failing = finished(shared.pipe(drainTo(() => Promise.reject(new Error('disk full')), { flow, window: 1 })));
    const good = finished(shared.pipe(drainTo(tick, { flow, window: 4 })));
    await expect(failing).rejects.toThrow('disk full');
    await good;
  });

  it('stops a source that is in the middle of a pull as soon as nobody wants it', async () => {
    const flow = createFlow();
    const { state, items } = counter(100);
    const stuck = fromPull(items, { flow }).pipe(drainTo(() => new Promise<void>(() => {}), { flow, window: 3 }));
    const subscription = stuck.subscribe();
    await pause(2);
    expect(state.pulled).toBe(3);
    subscription.unsubscribe();
    await pause(2);
    expect([state.pulled, flow.open]).toEqual([3, true]);
  });

  it('tolerates what no source can be stopped for: a replay, within reason', async () => {
    const flow = createFlow();
    const replay = from(Array.from({ length: 12 }, (_, i) => i));
    const taken: number[] = [];
    const late = (items: typeof replay) =>
      finished(items.pipe(drainTo(async (item) => void taken.push(item), { flow, window: 8 })));
    await late(replay);
    expect(taken).toHaveLength(12);
    expect(flow.stats.unaccounted).toBe(12);
    await expect(late(from(Array.from({ length: 17 }, (_, i) => i)))).rejects.toThrow(BackpressureBrokenError);
  });

  it('is not stopped by a pipeline that has ended', async () => {
    const flow = createFlow();
    of(1, 2)
      .pipe(drainTo(() => new Promise<void>(() => {}), { flow, window: 2 }))
      .subscribe()
      .unsubscribe();
    await finished(fromPull([1, 2, 3], { flow }).pipe(drainTo(tick, { flow })));
    expect(flow.stats.held).toBe(0);
  });
});
