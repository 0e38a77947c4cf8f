import { callbackSubscriber } from 'sluice/run';
import { describe, expect, it } from 'vitest';

describe('callbackSubscriber', () => {
  it('calls a function with one event after the other, at once', () => {
    const seen: number[] = [];
    const subscriber = callbackSubscriber<number>((n) => void seen.push(n));
    expect(subscriber.take([1, 2, 3])).toBeUndefined();
    expect(seen).toEqual([1, 2, 3]);
  });

  it('waits until it is done with each', async () => {
    const seen: string[] = [];
    const subscriber = callbackSubscriber<number>(async (n) => {
      seen.push(`begin ${n}`);
      await Promise.resolve();
      seen.push(`end ${n}`);
    });
    await subscriber.take([1, 2]);
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('fails as the function does', async () => {
    const throwing = callbackSubscriber<number>(() => {
      throw new Error('no');
    });
    expect(() => throwing.take([1])).toThrow('no');
    await expect(callbackSubscriber<number>(() => Promise.reject(new Error('no'))).take([1])).rejects.toThrow('no');
    expect(() => callbackSubscriber(1 as never)).toThrow('callback must be a function, got a number');
  });
});
