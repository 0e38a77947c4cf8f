import { of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { drainTo, type DrainToOptions } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';

operatorLaws<number, never>('drainTo', () => drainTo<number>(() => {}, { flow: createFlow() }), {
  expected: () => [],
  firehose: 100_000,
  throwing: {
    write: (boom) => drainTo<number>(boom, { flow: createFlow() }),
    cost: (boom) => drainTo<number>(() => {}, { flow: createFlow(), cost: boom }),
  },
});

/** A sink whose writes the test settles. */
function sink(options: Omit<DrainToOptions<number>, 'flow'> = {}) {
  const flow = createFlow();
  const source = new Subject<number>();
  const writes: { item: number; taken: () => void; refuse: (error: unknown) => void }[] = [];
  const heard: unknown[] = [];
  const write = (item: number) => new Promise<void>((taken, refuse) => void writes.push({ item, taken, refuse }));
  const subscription = source.pipe(drainTo(write, { flow, ...options })).subscribe({
    error: (error: unknown) => heard.push(error),
    complete: () => heard.push('completed'),
  });
  return { flow, source, writes, heard, subscription };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('drainTo', () => {
  it('writes without waiting for what was written before, and shuts the flow at its window', async () => {
    const { flow, source, writes, heard } = sink({ window: 2 });
    source.next(1);
    expect(flow.open).toBe(true);
    source.next(2);
    expect([writes.map(({ item }) => item), flow.open]).toEqual([[1, 2], false]);
    for (const { taken } of writes) taken();
    await settled();
    expect(flow.open).toBe(true);
    expect(heard, 'the source has not completed').toEqual([]);
  });

  it('counts what items cost', () => {
    const { flow, source } = sink({ window: 100, cost: (item) => item });
    source.next(99);
    expect(flow.open).toBe(true);
    source.next(1);
    expect(flow).toMatchObject({ open: false, stats: { held: 100 } });
  });

  it('completes when everything is taken', async () => {
    const { source, writes, heard } = sink();
    source.next(1);
    source.next(2);
    source.complete();
    writes[1]!.taken();
    await settled();
    expect(heard).toEqual([]);
    writes[0]!.taken();
    await settled();
    expect(heard).toEqual(['completed']);
  });

  it('holds nothing for a sink that takes at once', () => {
    const flow = createFlow();
    const got: number[] = [];
    const heard: string[] = [];
    of(1, 2, 3)
      .pipe(drainTo((item) => void got.push(item), { flow, window: 1, tolerance: 0 }))
      .subscribe({ complete: () => heard.push('completed') });
    expect([got, heard, flow.open]).toEqual([[1, 2, 3], ['completed'], true]);
  });

  it('fails as the sink does, once, and lets the flow go', async () => {
    const { flow, source, writes, heard } = sink({ window: 1 });
    source.next(1);
    source.next(2);
    writes[0]!.refuse(new Error('disk full'));
    writes[1]!.refuse(new Error('disk full still'));
    await settled();
    expect(heard).toEqual([new Error('disk full')]);
    expect([flow.open, source.observed]).toEqual([true, false]);
  });

  it('says when items come that no source was stopped for', () => {
    const { source, heard } = sink({ name: 'socket', window: 1, tolerance: 0 });
    source.next(1);
    source.next(2);
    expect(heard).toEqual([streamError('backpressure-broken', 'lane "socket" holds 2')]);
  });

  it('takes no note of what is taken after nobody wants it', async () => {
    const { flow, source, writes, heard, subscription } = sink();
    source.next(1);
    subscription.unsubscribe();
    writes[0]!.taken();
    await settled();
    expect([heard, flow.stats.held]).toEqual([[], 0]);
  });
});
