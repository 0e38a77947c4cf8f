import { describe, expect, it } from 'vitest';
import { GraphEvents } from '../../src/interop/graph-events.js';

const { signal } = new AbortController();

describe('GraphEvents', () => {
  it('says of every item what mode it is of', async () => {
    const events = [];
    const source = ['event: values\ndata: 1\n\n', ['custom', 2], { event: 'debug', data: 3 }, { event: 'mine' }];
    const items = new GraphEvents(source, { signal, mode: 'updates', maxEventLength: 100 });
    for await (const event of items) events.push(event);
    expect(events).toEqual([
      { event: 'values', data: 1 },
      { event: 'custom', data: 2 },
      { event: 'debug', data: 3 },
      { event: 'updates', data: { event: 'mine' } },
    ]);
  });

  it('is over once it is left', async () => {
    const items = new GraphEvents([['a', 1]], { signal, mode: 'updates', maxEventLength: 100 });
    await items.return();
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('hands on what the source throws', async () => {
    const source = () => Promise.reject(new RangeError('mine'));
    const items = new GraphEvents(source, { signal, mode: 'updates', maxEventLength: 100 });
    await expect(items.next()).rejects.toThrow(RangeError);
  });
});
