import { EMPTY, firstValueFrom, NEVER, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createFlow } from '../../src/flow/index.js';
import { fromPull, toAsyncIterable } from '../../src/source/iterable.js';

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

describe('toAsyncIterable', () => {
  const options = { capacity: 3 };

  it('yields what comes, then ends', async () => {
    const got: number[] = [];
    for await (const item of toAsyncIterable(of(1, 2, 3), options)) got.push(item);
    expect(got).toEqual([1, 2, 3]);
  });

  it('is lazy: it subscribes with the first item asked for, once', async () => {
    let subscribed = 0;
    const source = new Observable<number>((destination) => {
      subscribed++;
      destination.next(1);
      destination.next(2);
    });
    const items = toAsyncIterable(source, options);
    await nextTask();
    expect(subscribed).toBe(0);
    await items.next();
    await items.next();
    expect(subscribed).toBe(1);
  });

  it('never subscribes when it is left before', async () => {
    let subscribed = 0;
    const items = toAsyncIterable(new Observable(() => void subscribed++), options);
    await items.return!();
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(subscribed).toBe(0);
  });

  it('answers several that wait, in the order they asked', async () => {
    const source = new Subject<number>();
    const items = toAsyncIterable(source, options);
    const waiting = [items.next(), items.next(), items.next(), items.next()];
    for (const item of [1, 2, 3]) source.next(item);
    source.complete();
    expect(await Promise.all(waiting)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: undefined },
    ]);
  });

  it('delivers what waits before the error, and the error once', async () => {
    const source = new Subject<number>();
    const items = toAsyncIterable(source, options);
    const first = items.next();
    for (const item of [1, 2, 3]) source.next(item);
    source.error(new Error('broke'));
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await items.next()).toEqual({ done: false, value: 2 });
    expect(await items.next()).toEqual({ done: false, value: 3 });
    await expect(items.next()).rejects.toThrow('broke');
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('fails the first of those that wait, and ends the others', async () => {
    const source = new Subject<number>();
    const items = toAsyncIterable(source, options);
    const waiting = [items.next(), items.next()];
    source.error(new Error('broke'));
    await expect(waiting[0]).rejects.toThrow('broke');
    expect(await waiting[1]).toEqual({ done: true, value: undefined });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('fails with a source that fails at once, and ends with an empty one', async () => {
    await expect(
      toAsyncIterable(
        throwError(() => new Error('broke')),
        options,
      ).next(),
    ).rejects.toThrow('broke');
    expect(await toAsyncIterable(EMPTY, options).next()).toEqual({ done: true, value: undefined });
  });

  it('takes undefined for an item like any other', async () => {
    const got: unknown[] = [];
    for await (const item of toAsyncIterable(of(undefined, 1, undefined), options)) got.push(item);
    expect(got).toEqual([undefined, 1, undefined]);
  });

  describe('when it is left', () => {
    /** An iterator, and whether its source is still subscribed to. */
    function stage() {
      const source = new Subject<number>();
      return { source, items: toAsyncIterable(source, options) };
    }

    it('lets the source go at once, and resolves who waits', async () => {
      const { source, items } = stage();
      const waiting = [items.next(), items.next()];
      const left = items.return!();
      expect(source.observed).toBe(false);
      for (const one of [...waiting, left]) expect(await one).toEqual({ done: true, value: undefined });
    });

    it('forgets what waits, an error too', async () => {
      const { source, items } = stage();
      void items.next();
      for (const item of [1, 2]) source.next(item);
      source.error(new Error('broke'));
      await items.return!();
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    it('lets it go by a break, a throw, a disposal', async () => {
      const ways: ((items: ReturnType<typeof stage>['items']) => Promise<unknown>)[] = [
        async (items) => {
          for await (const _ of items) break;
        },
        async (items) => {
          await items.next();
          await expect(items.throw!(new Error('mine'))).rejects.toThrow('mine');
        },
        async (items) => {
          await items.next();
          await items[Symbol.asyncDispose]();
        },
      ];
      for (const way of ways) {
        const { source, items } = stage();
        const done = way(items);
        source.next(1);
        await done;
        expect(source.observed).toBe(false);
        expect(await items.next()).toEqual({ done: true, value: undefined });
      }
    });

    it('stops a source that emits without end while it is subscribed to', async () => {
      let emitted = 0;
      const firehose = new Observable<number>((destination) => {
        while (!destination.closed) destination.next(emitted++);
      });
      const items = toAsyncIterable(firehose, options);
      expect(await items.next()).toEqual({ done: false, value: 0 });
      // Three waited, and one was too many.
      expect(emitted).toBe(4);
    });
  });

  describe('with one item too many', () => {
    async function overflown(overflow?: 'error' | 'drop-oldest' | 'drop-newest' | 'latest') {
      const source = new Subject<number>();
      const dropped: number[] = [];
      const items = toAsyncIterable(source, {
        ...options,
        ...(overflow && { overflow }),
        dropped: (item) => void dropped.push(item),
      });
      void items.next();
      for (let item = 0; item <= 5; item++) source.next(item);
      const observed = source.observed;
      source.complete();
      const got: unknown[] = [];
      try {
        for await (const item of items) got.push(item);
      } catch (error) {
        got.push((error as { code: string }).code);
      }
      return { got, dropped, observed };
    }

    it('fails by default, behind what waits, and lets the source go', async () => {
      expect(await overflown()).toEqual({ got: [1, 2, 3, 'overflow'], dropped: [], observed: false });
      expect(await overflown('error')).toEqual({ got: [1, 2, 3, 'overflow'], dropped: [], observed: false });
    });

    it('lets the oldest go, or the newest, or all but the newest', async () => {
      expect(await overflown('drop-oldest')).toEqual({ got: [3, 4, 5], dropped: [1, 2], observed: true });
      expect(await overflown('drop-newest')).toEqual({ got: [1, 2, 3], dropped: [4, 5], observed: true });
      expect(await overflown('latest')).toEqual({ got: [5], dropped: [1, 2, 3, 4], observed: true });
    });

    it('takes it where nobody wants to hear of it', async () => {
      const items = toAsyncIterable(of(1, 2, 3), { capacity: 1, overflow: 'drop-oldest' });
      expect(await items.next()).toEqual({ done: false, value: 3 });
      const newest = toAsyncIterable(of(1, 2, 3), { capacity: 1, overflow: 'drop-newest' });
      expect(await newest.next()).toEqual({ done: false, value: 1 });
    });

    it('says so with its code', async () => {
      const items = toAsyncIterable(of(1, 2), { capacity: 1 });
      await items.next();
      await expect(items.next()).rejects.toMatchObject({ code: 'overflow', details: { operator: 'toAsyncIterable' } });
    });
  });

  describe('tells of every item taken', () => {
    it('when it is taken, not when it comes', async () => {
      const source = new Subject<number>();
      const taken: number[] = [];
      const items = toAsyncIterable(source, { ...options, taken: (item) => void taken.push(item) });
      const waiting = items.next();
      expect(taken).toEqual([]);
      source.next(1);
      source.next(2);
      expect(taken).toEqual([1]);
      await waiting;
      await items.next();
      expect(taken).toEqual([1, 2]);
    });

    it('and keeps the order when that brings more', async () => {
      const source = new Subject<number>();
      const taken: number[] = [];
      const items = toAsyncIterable(source, {
        ...options,
        taken: (item) => {
          taken.push(item);
          if (item < 3) source.next(item + 1);
        },
      });
      const waiting = [items.next(), items.next()];
      source.next(1);
      expect(await Promise.all(waiting)).toMatchObject([{ value: 1 }, { value: 2 }]);
      expect(await items.next()).toMatchObject({ value: 3 });
      expect(taken).toEqual([1, 2, 3]);
    });

    it('and fails when that throws, whoever waited', async () => {
      const source = new Subject<number>();
      const boom = () => {
        throw new Error('boom');
      };
      const items = toAsyncIterable(source, { ...options, taken: boom });
      const waiting = [items.next(), items.next()];
      source.next(1);
      await expect(waiting[0]).rejects.toMatchObject({ code: 'callback-failed' });
      expect(await waiting[1]).toEqual({ done: true, value: undefined });
      expect(source.observed).toBe(false);
      const late = toAsyncIterable(of(1, 2), { ...options, taken: boom });
      await expect(late.next()).rejects.toMatchObject({ code: 'callback-failed' });
      expect(await late.next()).toEqual({ done: true, value: undefined });
    });
  });

  it('takes a big backlog in linear time', async () => {
    const count = 200_000;
    const source = new Observable<number>((destination) => {
      for (let item = 0; item < count; item++) destination.next(item);
      destination.complete();
    });
    const items = toAsyncIterable(source, { capacity: count });
    let next = 0;
    // A queue that moves every item for each one taken would need 20 000 000 000 steps: longer than a test may last.
    for await (const item of items) if (item === next) next++;
    expect(next).toBe(count);
  });

  it('goes round: what comes out of one goes into the other', async () => {
    const round = fromPull(toAsyncIterable(of(1, 2, 3), options)).pipe(toArray());
    expect(await firstValueFrom(round)).toEqual([1, 2, 3]);
  });

  it.each([
    [{}, TypeError, 'capacity must be'],
    [{ capacity: 0 }, RangeError, 'capacity must be'],
    [{ capacity: Infinity }, RangeError, 'capacity must be'],
    [{ capacity: 1, overflow: 'drop' }, TypeError, 'overflow must be'],
  ])('refuses %j at call time', (wrong, kind, message) => {
    expect(() => toAsyncIterable(NEVER, wrong as never)).toThrow(kind);
    expect(() => toAsyncIterable(NEVER, wrong as never)).toThrow(message);
  });

  describe('with a flow', () => {
    it('stops the source while the consumer is behind, and loses nothing', async () => {
      const flow = createFlow();
      let pulled = 0;
      function* numbers() {
        while (pulled < 100) yield pulled++;
      }
      const got: number[] = [];
      let ahead = 0;
      for await (const item of toAsyncIterable(fromPull(numbers, { flow }), { capacity: 8, flow })) {
        got.push(item);
        await new Promise((resolve) => setImmediate(resolve));
        ahead = Math.max(ahead, pulled - got.length);
      }
      expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(ahead).toBeLessThanOrEqual(8);
      expect(flow.stats).toMatchObject({ held: 0, unaccounted: 0, lanes: [] });
    });

    it('fails when items come that no source was stopped for', async () => {
      const flow = createFlow();
      const source = new Subject<number>();
      const items = toAsyncIterable(source, { capacity: 2, flow });
      const first = items.next();
      for (let item = 0; item < 6; item++) source.next(item);
      expect(await first).toEqual({ done: false, value: 0 });
      for (let item = 1; item < 5; item++) expect((await items.next()).value).toBe(item);
      await expect(items.next()).rejects.toMatchObject({ code: 'backpressure-broken' });
    });

    it('lets the flow go when it is left', async () => {
      const flow = createFlow();
      const source = new Subject<number>();
      const items = toAsyncIterable(source, { capacity: 1, flow });
      void items.next();
      source.next(1);
      source.next(2);
      expect(flow.open).toBe(false);
      await items.return!();
      expect(flow).toMatchObject({ open: true, stats: { lanes: [] } });
    });

    it('refuses to lose anything', () => {
      const make = () => toAsyncIterable(new Subject(), { capacity: 1, flow: createFlow(), overflow: 'latest' });
      expect(make).toThrow(new TypeError('overflow must be "error" where a flow stops the sources'));
    });
  });
});
