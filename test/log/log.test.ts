import { describe, expect, it } from 'vitest';
import { attempt, whenReady } from '../../src/log/log.js';

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
