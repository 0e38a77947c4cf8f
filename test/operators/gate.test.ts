import { endWith, ignoreElements, Subject, take, tap, timer } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { flowMap, gate, type GateOptions } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { lawsOf } from '../../src/testing/operator-laws.js';
import { alphabet, gap, item, type Item, listen, streamError } from './alphabet.js';

for (const overflow of ['error', 'drop-oldest', 'drop-newest', 'replace-newest', 'batch'] as const) {
  const merge = (waiting: number, each: number) => waiting + each;
  operatorLaws<number>('gate', (probe) => gate({ flow: createFlow(), overflow, merge, probe }), { flat: true });
}
operatorLaws('gate with a flow on either side', () => gate<number>({ flow: createFlow(), upstream: createFlow() }), {
  flat: true,
});
operatorLaws('gate', () => gate<{ n: number }>({ flow: createFlow() }), { item: (n) => ({ n }), holds: 0 });

/** Four milliseconds of work for each, one after another, behind a gate. */
function expectPace(
  options: Omit<GateOptions<Item>, 'flow'>,
  source: string,
  result: string,
  { subscription, error, values }: { subscription?: string; error?: unknown; values?: object } = {},
): unknown[] {
  const { probe, heard } = listen('gate');
  marbles(({ hot, expectObservable, expectSubscriptions }) => {
    const flow = createFlow();
    const input = hot<Item>(source, alphabet);
    const work = (each: unknown) => timer(4).pipe(ignoreElements(), endWith(each));
    const paced = input.pipe(gate({ flow, probe, ...options }), flowMap(work, { flow, window: 1 }));
    expectObservable(paced).toBe(result, { ...alphabet, ...values }, error);
    if (subscription !== undefined) expectSubscriptions(input.subscriptions).toBe(subscription);
  });
  return heard;
}

describe('gate', () => {
  it('lets items wait for the flow, and ends when none waits', () => {
    expectPace({}, 'abc|', '----a---b---(c|)', { subscription: '^--!' });
    expectPace({}, 'a|', '----(a|)', { subscription: '^!' });
  });

  it('fails when more wait than may, and lets the source go', () => {
    const error = streamError('overflow', 'gate: 2 items are waiting');
    expectPace({ capacity: 2 }, 'abcd-', '---#', { subscription: '^--!', error });
  });

  it('fails with the source at once', () => {
    expectPace({}, 'abc#', '---#');
  });

  it('lets the oldest go, and says so in its place', () => {
    const heard = expectPace(
      { capacity: 2, overflow: 'drop-oldest', announce: true },
      'abcde|',
      '----a---g---d---(e|)',
      { values: { g: gap(1, 3, 'dropped') } },
    );
    expect(heard).toEqual([
      { type: 'dropped', value: item(1) },
      { type: 'dropped', value: item(2) },
      { type: 'gap', from: 1, to: 3, reason: 'dropped' },
    ]);
  });

  it('lets the newest go, also when none comes after', () => {
    const options = { capacity: 1, overflow: 'drop-newest', announce: true } as const;
    expectPace(options, 'abcd|', '----a---b---(g|)', { values: { g: gap(2, 4, 'dropped') } });
    expectPace({ ...options, capacity: 0 }, 'ab|', '----a---(g|)', { values: { g: gap(1, 2, 'dropped') } });
  });
});

/** The picture of its documentation: what passes the gate itself. */
it('gate lets one through whenever the work has been done', () =>
  marbles(({ hot, expectObservable }) => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'work', window: 1 });
    const passed = hot('abcdef|').pipe(gate({ flow, capacity: 2, overflow: 'drop-oldest' }));
    const worked = passed.pipe(
      tap(() => {
        lane.hold();
        timer(4).subscribe(() => lane.release());
      }),
    );
    expectObservable(worked).toBe('a---d---e---(f|)');
  }));

/** A consumer that is busy with each item until told otherwise, behind a gate. */
function slow<T = number>(options: Omit<GateOptions<T>, 'flow'> = {}) {
  const flow = createFlow();
  const lane = flow.lane({ name: 'consumer', window: 1 });
  const source = new Subject<T>();
  const got: unknown[] = [];
  const subscription = source.pipe(gate<T>({ flow, ...options })).subscribe({
    next: (each) => {
      got.push(each);
      lane.hold();
    },
    error: (error: unknown) => void got.push(error),
    complete: () => void got.push('completed'),
  });
  return { flow, lane, source, got, subscription };
}

describe('a gate before a slow consumer', () => {
  it('lets one through whenever it has finished', () => {
    const { source, lane, got } = slow();
    for (const each of [0, 1, 2]) source.next(each);
    source.complete();
    expect(got).toEqual([0]);
    lane.release();
    expect(got).toEqual([0, 1]);
    lane.release();
    expect(got).toEqual([0, 1, 2, 'completed']);
  });

  it('holds no more than it may', async () => {
    const flow = createFlow();
    flow.lane({ name: 'busy', window: 1 }).hold();
    const make = () => gate<{ n: number }>({ flow, capacity: 5, overflow: 'drop-oldest' });
    const law = lawsOf('gate', make, { item: (n) => ({ n }), holds: 5 }).find(({ title }) => title.startsWith('holds'));
    await law!.check();
  });

  it('has its items accounted for in its flow', () => {
    const { source, lane, flow } = slow();
    for (const each of [0, 1]) source.next(each);
    lane.release();
    expect(flow.stats).toMatchObject({ held: 1, unaccounted: 0 });
  });

  it('keeps order when it opens for several while something else comes', () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'shared', window: 1 });
    const source = new Subject<string>();
    const got: string[] = [];
    lane.hold();
    // Called before the gate when the flow opens.
    flow.whenOpen(() => source.next('b'));
    source.pipe(gate({ flow })).subscribe((each) => got.push(each));
    source.next('a');
    lane.release();
    expect(got).toEqual(['a', 'b']);
  });

  it('lets go when unsubscribed, also while it lets items through', () => {
    const { source, lane, got, subscription, flow } = slow();
    for (const each of [0, 1]) source.next(each);
    subscription.unsubscribe();
    lane.release();
    expect(got).toEqual([0]);
    expect(source.observed).toBe(false);

    const stopped: number[] = [];
    const again = new Subject<number>();
    again.pipe(gate({ flow }), take(2)).subscribe((each) => stopped.push(each));
    lane.hold();
    for (const each of [0, 1, 2]) again.next(each);
    lane.release();
    expect(stopped).toEqual([0, 1]);
    expect(again.observed).toBe(false);
  });

  it('tells of the losses of several streams no faster than the flow allows', () => {
    const { source, lane, got } = slow<Item>({ capacity: 1, overflow: 'drop-oldest', announce: true });
    const of = (streamId: string, seq: number) => ({ streamId, seq });
    for (const each of [of('a', 0), of('a', 1), of('b', 0), of('a', 2)]) source.next(each);
    lane.release();
    expect(got).toHaveLength(2);
    lane.release();
    lane.release();
    expect(got).toMatchObject([
      of('a', 0),
      { kind: 'gap', streamId: 'a', from: 1, to: 2 },
      { kind: 'gap', streamId: 'b', from: 0, to: 1 },
      of('a', 2),
    ]);
  });

  it('makes one gap of what is lost while it still tells of losses before', () => {
    const { source, lane, got } = slow<Item>({ capacity: 1, overflow: 'drop-oldest', announce: true });
    for (const [streamId, seq] of ['a0', 'a1', 'b0', 'b1']) source.next({ streamId: streamId!, seq: Number(seq) });
    lane.release();
    source.next({ streamId: 'b', seq: 2 });
    lane.release();
    source.next({ streamId: 'b', seq: 3 });
    lane.release();
    lane.release();
    expect(got.slice(1)).toMatchObject([
      { kind: 'gap', streamId: 'a', from: 1, to: 2 },
      { kind: 'gap', streamId: 'b', from: 0, to: 1 },
      { kind: 'gap', streamId: 'b', from: 1, to: 3 },
      { streamId: 'b', seq: 3 },
    ]);
  });

  it('is forgotten by the flow once it is gone', () => {
    const { source, lane, flow, subscription } = slow();
    const calledOff = vi.fn();
    vi.spyOn(flow, 'whenOpen').mockReturnValue(calledOff);
    for (const each of [0, 1, 2]) source.next(each);
    expect(flow.whenOpen).toHaveBeenCalledTimes(1);
    expect(calledOff).not.toHaveBeenCalled();
    subscription.unsubscribe();
    expect(calledOff).toHaveBeenCalledTimes(1);
    lane.close();
  });

  it('tells nothing of what has no number', () => {
    const { source, lane, got } = slow({ capacity: 1, overflow: 'drop-oldest', announce: true });
    for (const each of [0, 1, 2]) source.next(each);
    source.complete();
    lane.release();
    expect(got).toEqual([0, 2, 'completed']);
    const none = slow({ capacity: 0, overflow: 'drop-newest', announce: true });
    for (const each of [0, 1]) none.source.next(each);
    none.source.complete();
    none.lane.release();
    expect(none.got).toEqual([0, 'completed']);
  });
});

describe('a gate between two flows', () => {
  it('stops the sources while as many wait as may, until few do', () => {
    const upstream = createFlow();
    const { source, lane } = slow({ upstream, capacity: 4 });
    const open: boolean[] = [];
    for (const each of [0, 1, 2, 3, 4]) {
      source.next(each);
      open.push(upstream.open);
    }
    expect(open).toEqual([true, true, true, true, false]);
    expect(upstream.stats.lanes).toEqual([{ name: 'gate', window: 4, held: 4 }]);
    for (let n = 0; n < 3; n++) {
      expect(upstream.open).toBe(false);
      lane.release();
    }
    expect(upstream.open).toBe(true);
  });

  it('fails when sources go on that should have stopped', () => {
    const { source, got } = slow({ upstream: createFlow(), capacity: 2 });
    for (let n = 0; n < 6; n++) source.next(n);
    expect(got).toEqual([0, streamError('backpressure-broken', 'lane "gate" holds 5 with a window of 2')]);
  });

  it('keeps order when a source goes on the moment it may', () => {
    const upstream = createFlow();
    const { source, lane, got } = slow({ upstream, capacity: 1 });
    for (const each of [0, 1]) source.next(each);
    upstream.whenOpen(() => source.next(2));
    lane.release();
    lane.release();
    expect(got).toEqual([0, 1, 2]);
  });

  it('stops nobody once it is gone', () => {
    const upstream = createFlow();
    const { source, subscription } = slow({ upstream, capacity: 1 });
    for (const each of [0, 1]) source.next(each);
    expect(upstream.open).toBe(false);
    subscription.unsubscribe();
    expect(upstream.open).toBe(true);
    expect(upstream.stats.lanes).toEqual([]);
  });
});

describe('the options of gate', () => {
  const flow = createFlow();

  it('are checked at once', () => {
    expect(() => gate({ flow: undefined as never })).toThrow('flow must be a flow, got undefined');
    expect(() => gate({ flow: {} as never })).toThrow('flow must be a flow, got an object');
    expect(() => gate({ flow, capacity: -1 })).toThrow('capacity must be a whole number of at least 0');
    expect(() => gate({ flow, overflow: 'block' as 'error' })).toThrow('overflow must be one of error');
    const upstream = createFlow();
    expect(() => gate({ flow, upstream, overflow: 'drop-oldest' })).toThrow(
      'overflow must be "error" where upstream stops the sources',
    );
    expect(() => gate({ flow, upstream, capacity: 0 })).toThrow('capacity must be a whole number of at least 1');
    expect(() => gate({ flow, upstream, capacity: Infinity })).toThrow(RangeError);
    expect(() => gate({ flow, upstream: flow })).toThrow('upstream must be another flow than the one behind the gate');
  });
});
