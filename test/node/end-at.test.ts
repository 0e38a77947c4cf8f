import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endAt } from '../../src/node/end-at.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('endAt', () => {
  it('breaks off who has not left a moment after his time', () => {
    const stream = new PassThrough();
    endAt(Date.now() + 1450, stream);
    vi.advanceTimersByTime(1599);
    expect(stream.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(stream.destroyed).toBe(true);
  });

  it('waits for nobody who has left', async () => {
    const stream = new PassThrough();
    endAt(Date.now() + 1000, stream);
    stream.destroy();
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits for no time that is beyond what a timer can be', () => {
    endAt(Date.now() + 2 ** 31, new PassThrough());
    expect(vi.getTimerCount()).toBe(0);
    endAt(Date.now() - 1, new PassThrough());
    expect(vi.getTimerCount()).toBe(1);
  });
});
