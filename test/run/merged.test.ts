import { describe, expect, it } from 'vitest';
import { merged } from '../../src/run/merged.js';

async function* counting(name: string, count: number, taken: string[] = []): AsyncGenerator<string, void> {
  for (let n = 0; n < count; n++) {
    taken.push(`${name}${n}`);
    yield `${name}${n}`;
  }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('merged', () => {
  it('yields all of each, in the order of each', async () => {
    const items = await all(merged([counting('a', 3), counting('b', 2), counting('c', 0)]));
    expect(items.filter((item) => item.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
    expect(items.toSorted()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1']);
    expect(await all(merged([]))).toEqual([]);
  });

  it('does not wait for the slow one, nor ask for more than is taken', async () => {
    const taken: string[] = [];
    const never = (async function* (): AsyncGenerator<string, void> {
      await new Promise(() => {});
      yield '';
    })();
    const one = merged([never, counting('a', 100, taken)]);
    expect([(await one.next()).value, (await one.next()).value]).toEqual(['a0', 'a1']);
    expect(taken).toEqual(['a0', 'a1']);
    await one.return();
  });

  it('ends with the first that throws, and lets the others go', async () => {
    let left = 0;
    const held = async function* (): AsyncGenerator<number, void> {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        left++;
        // eslint-disable-next-line no-unsafe-finally -- on its way out it fails
        throw new Error('unheard');
      }
    };
    const failing = async function* (): AsyncGenerator<number, void> {
      yield 0;
      throw new Error('no');
    };
    await expect(all(merged([held(), failing(), held()]))).rejects.toThrow('no');
    await Promise.resolve();
    expect(left).toBe(2);
  });
});
