import { lastValueFrom, toArray } from 'rxjs';
import { actor, batchActor } from 'sluice/run';
import { describe, expect, it } from 'vitest';

const doubler = actor('doubler', {
  execute: (n: number) => {
    if (n < 0) throw new Error('negative');
    return n === 0 ? undefined : n * 2;
  },
});

describe('batchActor', () => {
  it('says how many are processed, and what each came to', async () => {
    const batch = batchActor('batch', doubler, { concurrency: 1 });
    expect(await lastValueFrom(batch.stream([1, 2]).pipe(toArray()))).toEqual([
      { type: 'start', input: [1, 2] },
      { type: 'progress', current: 0, total: 2, message: 'processed 0 of 2' },
      { type: 'data', value: { index: 0, output: 2 } },
      { type: 'progress', current: 1, total: 2, message: 'processed 1 of 2' },
      { type: 'data', value: { index: 1, output: 4 } },
      { type: 'progress', current: 2, total: 2, message: 'processed 2 of 2' },
      { type: 'complete', output: [2, 4] },
    ]);
    expect(await batch.execute([])).toEqual([]);
    expect(await batch.execute([0, 1])).toEqual([null, 2]);
  });

  it('works on some at a time, and keeps their order', async () => {
    let busy = 0;
    let most = 0;
    const slow = actor('slow', {
      execute: async (n: number) => {
        most = Math.max(most, ++busy);
        for (let turn = 0; turn < 10 - n; turn++) await new Promise((resolve) => setTimeout(resolve));
        busy--;
        return n;
      },
    });
    const items = Array.from({ length: 9 }, (_, n) => n);
    expect(await batchActor('batch', slow, { concurrency: 3 }).execute(items)).toEqual(items);
    expect(most).toBe(3);
  });

  it('fails with the first that fails, and begins no other', async () => {
    const begun: number[] = [];
    const each = actor('each', {
      execute: (n: number) => {
        begun.push(n);
        return doubler.execute(n);
      },
    });
    await expect(batchActor('batch', each, { concurrency: 1 }).execute([1, -1, 2])).rejects.toThrow('negative');
    expect(begun).toEqual([1, -1]);
  });

  it('goes on without what failed, where that is wanted', async () => {
    const batch = batchActor('batch', doubler, { onFailure: 'continue' });
    expect(await batch.execute([1, -1, 2])).toEqual([2, null, 4]);
    const chunks = await lastValueFrom(batch.stream([-1]).pipe(toArray()));
    expect(chunks[2]).toEqual({
      type: 'data',
      value: { index: 0, error: { message: 'negative', code: 'stream-failed' } },
    });
    expect(chunks[3]).toMatchObject({ message: 'processed 1 of 1' });
    const odd = { name: 'odd', execute: () => Promise.reject(new Error('bare')) } as never;
    const bare = await lastValueFrom(
      batchActor('batch', odd, { onFailure: 'continue' })
        .stream([0 as never])
        .pipe(toArray()),
    );
    expect(bare[2]).toEqual({ type: 'data', value: { index: 0, error: { message: 'bare' } } });
  });

  it('refuses what is no list, or no bound', async () => {
    await expect(batchActor('batch', doubler).execute('x' as never)).rejects.toThrow(
      'batch "batch" must be given a list',
    );
    expect(() => batchActor('batch', doubler, { concurrency: 0 })).toThrow('concurrency');
    expect(() => batchActor('batch', doubler, { onFailure: 'skip' as never })).toThrow('onFailure');
  });
});
