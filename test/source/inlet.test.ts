import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { Inlet } from '../../src/source/inlet.js';
import { streamError } from '../operators/alphabet.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Inlet', () => {
  it('takes writes one by one, from when somebody has subscribed', async () => {
    const inlet = new Inlet<number>();
    const got: unknown[] = [];
    const puts = [inlet.put(1), inlet.put(2)];
    await settled();
    inlet.items.subscribe({ next: (item) => got.push(item), complete: () => got.push('completed') });
    await Promise.all(puts);
    await inlet.complete();
    expect(got).toEqual([1, 2, 'completed']);
  });

  it('waits while the flow is shut, and no longer than somebody reads', async () => {
    const flow = createFlow();
    flow.lane({ name: 'stage', window: 1 }).hold();
    const inlet = new Inlet<number>(flow);
    const subscription = inlet.items.subscribe();
    const put = inlet.put(1);
    await settled();
    subscription.unsubscribe();
    await expect(put).rejects.toEqual(streamError('stream-cancelled', 'nobody reads'));
  });

  it('leaves nothing behind when a wait is over', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    const whenOpen = flow.whenOpen.bind(flow);
    let waits = 0;
    flow.whenOpen = (callback) => {
      waits++;
      const callOff = whenOpen(callback);
      return () => {
        waits--;
        callOff();
      };
    };
    const inlet = new Inlet<number>(flow);
    inlet.items.subscribe();
    lane.hold();
    const put = inlet.put(1);
    await settled();
    expect(waits).toBe(1);
    lane.release();
    await put;
    expect(waits).toBe(0);
  });

  it('waits again when another source was faster', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1, tolerance: 0 });
    const got: number[] = [];
    const inlets = [new Inlet<number>(flow), new Inlet<number>(flow)];
    for (const { items } of inlets) {
      items.subscribe((item) => {
        lane.hold();
        got.push(item);
      });
    }
    lane.hold();
    const puts = inlets.map((inlet, i) => inlet.put(i));
    await settled();
    lane.release();
    await settled();
    expect(got).toEqual([0]);
    lane.release();
    await Promise.all(puts);
    expect(got).toEqual([0, 1]);
  });

  it('fails once, with the first error', async () => {
    const inlet = new Inlet<number>();
    const got: unknown[] = [];
    inlet.error('first');
    inlet.error('second');
    inlet.items.subscribe({ error: (error) => got.push(error) });
    await settled();
    expect(got).toEqual(['first']);
  });
});
