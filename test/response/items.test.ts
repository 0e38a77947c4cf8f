import { EMPTY, from, NEVER, Observable } from 'rxjs';
import { End, Gap, Mark, createChunk } from 'sluice/chunk';
import { describe, expect, it } from 'vitest';
import { type Batches, batchesOf, type ResponseSource } from '../../src/response/items.js';

async function all<T>(batches: Batches<T>): Promise<T[]> {
  const items: T[] = [];
  for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) items.push(...batch);
  return items;
}

async function* later(): AsyncGenerator<number> {
  yield* [1, 2, 3];
}

describe('items', () => {
  it.each<[string, ResponseSource<unknown>, unknown[]]>([
    ['an Observable', from([1, 2, 3]), [1, 2, 3]],
    ['an iterable', [1, 2, 3], [1, 2, 3]],
    ['an async iterable', later(), [1, 2, 3]],
    ['a function', () => later(), [1, 2, 3]],
    ['a text, which is one item', 'abc', ['abc']],
    ['bytes, which are one item', Uint8Array.of(1, 2), [Uint8Array.of(1, 2)]],
    ['nothing', EMPTY, []],
    ['many', Array.from({ length: 1000 }, (_, n) => n), Array.from({ length: 1000 }, (_, n) => n)],
  ])('takes those of %s', async (_, source, items) => {
    expect(await all(batchesOf(source, {}))).toEqual(items);
  });

  it('takes chunks to their end, and fails at a gap', async () => {
    const chunk = createChunk({ streamId: 's', seq: 0, data: 'a', timestamp: 0 });
    expect(await all(batchesOf(from([chunk, new Mark('s', 1), new End('s', 1, 'completed')]), {}))).toEqual([chunk]);
    await expect(all(batchesOf(from([chunk, new Gap('s', 1, 2, 'trimmed')]), {}))).rejects.toThrow('no longer kept');
  });

  it('takes no more than some of what never ends', async () => {
    let pulled = 0;
    function* endless(): Generator<number> {
      for (;;) yield pulled++;
    }
    const batches = batchesOf(endless(), {});
    expect(await batches.next()).toHaveLength(64);
    expect(pulled).toBeLessThan(66);
    batches.leave();
  });

  it('fails when an Observable runs ahead of its reader', async () => {
    const batches = batchesOf(from([1, 2, 3]), { capacity: 2 });
    await expect(all(batches)).rejects.toMatchObject({ code: 'overflow' });
  });

  it('lets an Observable go at once', async () => {
    let gone = 0;
    const batches = batchesOf(new Observable<number>(() => () => gone++), {});
    const pending = batches.next();
    batches.leave();
    expect(await pending).toBe(undefined);
    expect(gone).toBe(1);
  });

  it('aborts and lets an iterator go at once, whatever it throws on the way out', () => {
    const signals: AbortSignal[] = [];
    let returned = 0;
    const rude = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () => {
          returned++;
          throw new Error('no');
        },
      }),
    };
    const batches = batchesOf((signal) => {
      signals.push(signal);
      return rude;
    }, {});
    void batches.next();
    batches.leave();
    expect([returned, signals[0]!.aborted]).toEqual([1, true]);
    batchesOf({ [Symbol.iterator]: () => ({ next: () => ({ done: true, value: 0 }) as const }) }, {}).leave();
  });

  it.each([
    [{}, 'source must be an Observable or an iterable, got an object'],
    [null, 'source must be an Observable or an iterable, got null'],
    [7, 'source must be an Observable or an iterable, got a number'],
  ])('refuses %j', (source, message) => {
    expect(() => batchesOf(source as never, {})).toThrow(new TypeError(message));
  });

  it('refuses a capacity that is none', () => {
    expect(() => batchesOf(NEVER, { capacity: 0 })).toThrow('capacity');
  });
});
