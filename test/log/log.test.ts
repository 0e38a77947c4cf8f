import { describe, expect, it } from 'vitest';
import { attempt, lastly, whenReady } from '../../src/log/log.js';

describe('whenReady', () => {
  it('goes on at once with a value that is there', () => {
    expect(whenReady(2, (n) => n + 1)).toBe(3);
  });

  it('goes on later with a value that comes later', async () => {
    const answer = whenReady(Promise.resolve(2), (n) => n + 1);
    expect(answer).toBeInstanceOf(Promise);
    await expect(answer).resolves.toBe(3);
  });
});

describe('attempt', () => {
  const trouble = new Error('trouble');

  it('hands on what work throws, at once', () => {
    const failed: unknown[] = [];
    attempt(
      () => {
        throw trouble;
      },
      (error) => failed.push(error),
    );
    expect(failed).toEqual([trouble]);
  });

  it('hands on what work rejects with', async () => {
    const failed = await new Promise((resolve) => attempt(() => Promise.reject(trouble), resolve));
    expect(failed).toBe(trouble);
  });

  it('hands on nothing when work does', async () => {
    const failed: unknown[] = [];
    attempt(
      () => {},
      (error) => failed.push(error),
    );
    attempt(
      () => Promise.resolve(),
      (error) => failed.push(error),
    );
    await Promise.resolve();
    expect(failed).toEqual([]);
  });
});

describe('lastly', () => {
  it('runs the last behind work that answers at once, also when it throws', () => {
    const order: string[] = [];
    const last = (): void => void order.push('last');
    expect(lastly(() => order.push('work'), last)).toBe(1);
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => lastly(fail, last)).toThrow('no');
    expect(order).toEqual(['work', 'last', 'last']);
  });

  it('runs the last once, behind work that answers later, also when it rejects', async () => {
    let count = 0;
    const last = (): void => void count++;
    const [kept, failed] = [Promise.resolve('kept'), Promise.reject(new Error('no'))];
    const work = lastly(() => kept, last);
    expect(count).toBe(0);
    expect(await work).toBe('kept');
    expect(count).toBe(1);
    await expect(lastly(() => failed, last)).rejects.toThrow('no');
    expect(count).toBe(2);
  });
});
