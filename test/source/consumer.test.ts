import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Consumer } from '../../src/source/consumer.js';

// What it has in common with `toAsyncIterable` is tested there.
describe('Consumer', () => {
  it('keeps whatever comes, and hands it on in order, however taking and coming alternate', async () => {
    const source = new Subject<number>();
    const taken: number[] = [];
    const items = new Consumer(source, (item) => taken.push(item));
    const first = items.next();
    for (let item = 0; item < 5000; item++) source.next(item);
    expect(await first).toEqual({ done: false, value: 0 });
    for (let item = 1; item < 2500; item++) {
      expect((await items.next()).value).toBe(item);
      source.next(4999 + item);
    }
    source.complete();
    const rest: number[] = [];
    for await (const item of items) rest.push(item);
    expect(rest).toEqual(Array.from({ length: 4999 }, (_, i) => 2500 + i));
    expect(taken).toHaveLength(7499);
  });

  it('forgets what waits when it is left, and lets the source go', async () => {
    const source = new Subject<number>();
    const items = new Consumer(source);
    const first = items.next();
    for (const item of [1, 2, 3]) source.next(item);
    await first;
    await items.return();
    expect(source.observed).toBe(false);
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });
});
