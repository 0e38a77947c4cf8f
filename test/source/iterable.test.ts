import { merge, type Observable, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { flowMap } from '../../operators/index.js';
import { createFlow } from '../../src/flow/index.js';
import { fromPull } from '../../src/source/iterable.js';

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** What an Observable emits, and how it ends. */
function collect<T>(source: Observable<T>) {
  const got: unknown[] = [];
  const subscription = source.subscribe({
    next: (item) => void got.push(item),
    error: (error: Error) => void got.push(`failed ${error.message}`),
    complete: () => void got.push('completed'),
  });
  return { got, subscription };
}

describe('fromPull', () => {
  async function* letters() {
    yield 'a';
    await undefined;
    yield 'b';
  }

  it.each([
    ['an async iterable', () => letters()],
    ['a function that makes one', () => () => letters()],
    ['an iterable', () => new Set(['a', 'b'])],
    ['a string', () => 'ab'],
    ['an iterator of a generator', () => ['a', 'b'][Symbol.iterator]()],
  ])('emits the items of %s, in order, and completes', async (_, source) => {
    const { got } = collect(fromPull<string>(source()));
    await nextTask();
    expect(got).toEqual(['a', 'b', 'completed']);
  });

  it('keeps its item while another source of the flow has shut it', async () => {
    const flow = createFlow();
    const sources = Array.from({ length: 10 }, (_, i) => fromPull([i, i + 10], { flow }));
    const { got } = collect(merge(...sources).pipe(flowMap(async (item) => item, { flow, window: 1, tolerance: 0 })));
    for (let tasks = 0; tasks < 10; tasks++) await nextTask();
    expect(got.toSorted((a, b) => Number(a) - Number(b))).toEqual([...Array(20).keys(), 'completed']);
    expect(flow.stats.maxHeld).toBe(1);
  });

  it('takes the asynchronous way where there are both', async () => {
    const both = { [Symbol.iterator]: () => ['now'][Symbol.iterator](), [Symbol.asyncIterator]: letters };
    const { got } = collect(fromPull<string>(both));
    await nextTask();
    expect(got).toEqual(['a', 'b', 'completed']);
  });

  it('begins anew for every subscriber, with a signal of its own', async () => {
    const signals: AbortSignal[] = [];
    const source = fromPull((signal) => {
      signals.push(signal);
      return letters();
    });
    expect(signals).toEqual([]);
    const [one, other] = [collect(source), collect(source)];
    await nextTask();
    expect([one.got, other.got]).toEqual([
      ['a', 'b', 'completed'],
      ['a', 'b', 'completed'],
    ]);
    expect(new Set(signals).size).toBe(2);
  });

  describe('when its subscriber goes', () => {
    /** A source of one item that then waits for ever, and what was asked of it. */
    function endless() {
      const asked: string[] = [];
      const source = (signal?: AbortSignal) => {
        signal?.addEventListener('abort', () => asked.push('abort'));
        let first = true;
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => {
              asked.push('next');
              if (!first) return new Promise<IteratorResult<string>>(() => {});
              first = false;
              return Promise.resolve({ done: false, value: 'a' });
            },
            return: () => {
              asked.push('return');
              return Promise.resolve({ done: true as const, value: undefined });
            },
          }),
        };
      };
      return { asked, source };
    }

    it('aborts and returns at once, also while an item is waited for', async () => {
      const { asked, source } = endless();
      const { got, subscription } = collect(fromPull(source));
      await nextTask();
      expect(asked).toEqual(['next', 'next']);
      subscription.unsubscribe();
      expect(asked).toEqual(['next', 'next', 'abort', 'return']);
      await nextTask();
      expect(got).toEqual(['a']);
    });

    it('pulls no further than the item with which it goes', async () => {
      const { asked, source } = endless();
      const { got } = collect(fromPull(source).pipe(take(1)));
      await nextTask();
      expect(got).toEqual(['a', 'completed']);
      expect(asked).toEqual(['next', 'abort', 'return']);
    });

    it('pulls nothing more when that was in a pause', async () => {
      let pulled = 0;
      function* count() {
        for (;;) yield pulled++;
      }
      const { subscription } = collect(fromPull(count(), { maxBurst: 4 }));
      for (let hops = 0; hops < 20; hops++) await undefined;
      expect(pulled).toBe(4);
      subscription.unsubscribe();
      await nextTask();
      await nextTask();
      expect(pulled).toBe(4);
    });

    it('does not mind what the iterator says about it', async () => {
      for (const goodbye of [
        () => {
          throw new Error('no');
        },
        () => Promise.reject(new Error('no')),
        undefined,
      ]) {
        const iterator = { next: () => new Promise<never>(() => {}), ...(goodbye && { return: goodbye }) };
        const { got, subscription } = collect(fromPull({ [Symbol.asyncIterator]: () => iterator } as never));
        subscription.unsubscribe();
        await nextTask();
        expect(got).toEqual([]);
      }
    });

    it('drops what comes after', async () => {
      let release: (result: IteratorResult<string>) => void = () => {};
      const iterator = { next: () => new Promise<IteratorResult<string>>((resolve) => (release = resolve)) };
      const { got, subscription } = collect(fromPull({ [Symbol.asyncIterator]: () => iterator }));
      subscription.unsubscribe();
      release({ done: false, value: 'late' });
      await nextTask();
      expect(got).toEqual([]);
    });
  });

  it('does not return an iterator that has ended by itself', async () => {
    let returned = 0;
    const ended = (next: () => Promise<IteratorResult<string>>) => ({
      [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true as const, value: returned++ }) }),
    });
    collect(fromPull(ended(async () => ({ done: true, value: undefined }))));
    collect(fromPull(ended(() => Promise.reject(new Error('broke')))));
    await nextTask();
    expect(returned).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broke');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broke'))],
  ])('fails when the iterator %s', async (_, next) => {
    const { got } = collect(fromPull({ [Symbol.asyncIterator]: () => ({ next }) }));
    await nextTask();
    expect(got).toEqual(['failed broke']);
  });

  it('fails when the function throws, or makes nothing that can be iterated', async () => {
    const { got } = collect(
      fromPull(() => {
        throw new Error('broke');
      }),
    );
    expect(got).toEqual(['failed broke']);
    const nothing = collect(fromPull(() => 5 as never));
    expect(nothing.got).toEqual(['failed source must be an iterable or a function that makes one, got a number']);
  });

  it.each([5, null, undefined, {}, { [Symbol.iterator]: 5 }])('refuses %s at call time', (source) => {
    expect(() => fromPull(source as never)).toThrow(TypeError);
  });

  it('refuses a burst of none', () => {
    expect(() => fromPull([], { maxBurst: 0 })).toThrow('maxBurst must be');
  });

  it('lets timers have their turn, however much there is to pull', async () => {
    let pulled = 0;
    let atTimer = 0;
    function* many() {
      while (pulled < 100_000) yield pulled++;
    }
    setTimeout(() => (atTimer = pulled));
    await new Promise<void>((resolve) => void fromPull(many()).subscribe({ complete: resolve }));
    expect(atTimer).toBeGreaterThan(0);
    expect(atTimer).toBeLessThan(20_000);
  });

  describe('with a flow', () => {
    it('pulls nothing while it is shut, and goes on when it opens', async () => {
      const flow = createFlow();
      const lane = flow.lane({ name: 'stage', window: 2 });
      let pulled = 0;
      function* numbers() {
        for (;;) yield pulled++;
      }
      const got: number[] = [];
      const subscription = fromPull(numbers, { flow }).subscribe((item) => {
        got.push(item);
        lane.hold();
      });
      await nextTask();
      expect([got, pulled]).toEqual([[0, 1], 2]);
      lane.release(2);
      await nextTask();
      expect([got, pulled]).toEqual([[0, 1, 2, 3], 4]);
      subscription.unsubscribe();
      lane.release(2);
      await nextTask();
      expect(pulled).toBe(4);
    });

    it('lets the source go at once while it waits', async () => {
      const flow = createFlow();
      flow.lane({ name: 'stage', window: 1 }).hold();
      const ends: string[] = [];
      const source = fromPull(
        (signal) => {
          signal.addEventListener('abort', () => ends.push('aborted'));
          return {
            [Symbol.iterator]: () => ({
              next: () => ({ done: false, value: 1 }),
              return: () => (ends.push('returned'), { done: true as const, value: undefined }),
            }),
          };
        },
        { flow },
      );
      source.subscribe().unsubscribe();
      await nextTask();
      expect(ends).toEqual(['aborted', 'returned']);
    });
  });
});
