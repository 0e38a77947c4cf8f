import { finalize, interval, map, mergeMap, NEVER, Observable } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { asyncMarbles } from '../../src/testing/index.js';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function* ticks(everyMs: number, count: number) {
  for (let n = 0; n < count; n++) {
    await sleep(everyMs);
    yield n;
  }
}

describe('asyncMarbles', () => {
  it('sees async iterables that sleep', () =>
    asyncMarbles(({ expectObservable }) => {
      expectObservable(ticks(3, 3)).toBe('---a--b--(c|)', { a: 0, b: 1, c: 2 });
    }));

  it('sees promises, and everything that is ready within a frame', () =>
    asyncMarbles(({ cold, expectObservable }) => {
      const answer = async (value: string) => {
        await sleep(2);
        for (let turn = 0; turn < 50; turn++) await Promise.resolve();
        return value;
      };
      expectObservable(cold('-a-b-|').pipe(mergeMap(answer))).toBe('---a-(b|)');
    }));

  it('plays values and errors', () =>
    asyncMarbles(({ cold, expectObservable }) => {
      const error = new Error('no');
      expectObservable(cold('-a-#', { a: 1 }, error).pipe(map((n) => n + 1))).toBe('-b-#', { b: 2 }, error);
      expectObservable(Promise.reject(error)).toBe('#', undefined, error);
    }));

  it('subscribes and unsubscribes in the frames it is told', () => {
    let letGo: number | undefined;
    return asyncMarbles(
      ({ expectObservable }) => {
        const source = interval(2).pipe(finalize(() => (letGo = Date.now())));
        expectObservable(source, '---^----!').toBe('-----a-b', { a: 0, b: 1 });
      },
      { frames: 10 },
    ).then(() => expect(letGo).toBe(8));
  });

  it('subscribes at once where the diagram only says when to let go', () =>
    asyncMarbles(({ expectObservable }) => expectObservable(interval(2), '---!').toBe('--a', { a: 0 }), { frames: 5 }));

  it('takes an async body that waits for promises', () =>
    asyncMarbles(async ({ expectObservable }) => {
      await Promise.resolve();
      expectObservable(Promise.resolve('a')).toBe('(a|)');
    }));

  it('fails with both sides as marbles, pointing at the test', async () => {
    const failed = await asyncMarbles(
      ({ expectObservable }) => expectObservable(ticks(3, 2)).toBe('---a---(b|)', { a: 0, b: 1 }),
      { frames: 9 },
    ).catch((error: Error) => error);
    expect((failed as Error).message).toBe(
      'marbles differ\nexpected  ---a---(b|)\nreceived  ---a--(b|)\n  a = 0\n  b = 1',
    );
    expect((failed as Error).stack!.split('\n')[5]).toContain('async-marbles.test.ts');
  });

  it('says so when the expected lies beyond what is played', async () => {
    await expect(
      asyncMarbles(({ expectObservable }) => expectObservable(NEVER).toBe('----a'), { frames: 3 }),
    ).rejects.toThrow('marbles differ, of which 3 frames were played');
  });

  it('fails when a timer is left after everything was unsubscribed', async () => {
    const leaky = new Observable(() => void setTimeout(() => {}, 1000));
    await expect(
      asyncMarbles(({ expectObservable }) => expectObservable(leaky).toBe('-'), { frames: 2 }),
    ).rejects.toThrow('1 timer(s) left');
    expect(vi.isFakeTimers()).toBe(false);
  });

  it('lets what ends asynchronously clear its timers first', () =>
    asyncMarbles(
      ({ expectObservable }) => {
        const source = new Observable(() => {
          const timer = setTimeout(() => {}, 1000);
          return () => void Promise.resolve().then(() => clearTimeout(timer));
        });
        expectObservable(source).toBe('-');
      },
      { frames: 2 },
    ));

  it('refuses an expectation that states nothing', async () => {
    await expect(asyncMarbles(({ expectObservable }) => void expectObservable(NEVER))).rejects.toThrow(
      'expectObservable() without toBe checks nothing',
    );
  });

  it('refuses to be nested, and faked timers', async () => {
    await expect(asyncMarbles(() => asyncMarbles(() => {}))).rejects.toThrow('must not be called inside another');
    expect(vi.isFakeTimers()).toBe(false);
  });

  it('refuses diagrams that mean something else than they show, and a wrong number of frames', async () => {
    await expect(asyncMarbles(({ cold }) => void cold('-b', { a: 1 }))).rejects.toThrow('values has no "b"');
    await expect(asyncMarbles(({ expectObservable }) => expectObservable(NEVER, '^ 5ms!').toBe('-'))).rejects.toThrow(
      'space',
    );
    await expect(asyncMarbles(({ expectObservable }) => expectObservable(NEVER).toBe('5ms|'))).rejects.toThrow('space');
    await expect(asyncMarbles(() => {}, { frames: 0 })).rejects.toThrow(RangeError);
  });
});
