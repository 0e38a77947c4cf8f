import fc from 'fast-check';
import { asyncScheduler } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Replay, type ReplayBounds } from '../../operators/replay.js';
import { type Chunk, createChunk } from '../../src/chunk/index.js';

const replayOf = <T = number>(options: ReplayBounds<T>) => new Replay<T>('fanOut', options);

function kept<T>(replay: Replay<T>): T[] {
  replay.forget();
  return Array.from({ length: replay.length }, (_, i) => replay.at(i));
}

describe('Replay', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('keeps the newest items, as many as it may', () => {
    const replay = replayOf({ count: 2 });
    for (const n of [1, 2, 3]) replay.push(n);
    expect(kept(replay)).toEqual([2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps nothing where it may keep none', () => {
    const replay = replayOf({ count: 0, maxAgeMs: 5 });
    replay.push(1);
    expect(kept(replay)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps as many bytes as it may', () => {
    const replay = replayOf({ bytes: 5, size: (n) => n });
    for (const n of [1, 2, 3]) replay.push(n);
    expect(kept(replay)).toEqual([2, 3]);
    replay.push(6);
    expect(kept(replay)).toEqual([]);
    replay.push(5);
    expect(kept(replay)).toEqual([5]);
  });

  it("goes by a chunk's own size", () => {
    const chunk = (seq: number) => createChunk({ streamId: 's', seq, data: 'four' });
    const replay = replayOf<Chunk>({ bytes: 8 });
    for (const seq of [0, 1, 2]) replay.push(chunk(seq));
    expect(kept(replay)).toHaveLength(2);
  });

  it('lets go of old items by itself, with one timer', () => {
    const replay = replayOf({ maxAgeMs: 5 });
    replay.push(1);
    vi.advanceTimersByTime(2);
    replay.push(2);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2);
    expect(replay.length).toBe(2);
    vi.advanceTimersByTime(1);
    expect(replay.length).toBe(1);
    vi.advanceTimersByTime(2);
    expect(replay.length).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not hand out what a late timer has left too old', () => {
    const replay = replayOf({ maxAgeMs: 5 });
    replay.push(1);
    vi.setSystemTime(5);
    expect(kept(replay)).toEqual([]);
  });

  it('does not keep items for hours when the clock is put back', () => {
    const replay = replayOf({ maxAgeMs: 5 });
    vi.setSystemTime(3_600_000);
    replay.push(1);
    vi.setSystemTime(0);
    expect(kept(replay)).toEqual([]);
    replay.push(2);
    vi.advanceTimersByTime(4);
    expect(kept(replay)).toEqual([2]);
  });

  it('keeps within all its bounds at once', () => {
    const replay = replayOf({ count: 3, bytes: 10, maxAgeMs: 5, size: (n) => n });
    for (const n of [1, 2, 3, 4]) replay.push(n);
    expect(kept(replay)).toEqual([2, 3, 4]);
    replay.push(4);
    expect(kept(replay)).toEqual([4, 4]);
    replay.push(11);
    expect(kept(replay)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1);
    replay.push(1);
    vi.advanceTimersByTime(4);
    expect(kept(replay)).toEqual([1]);
  });

  it('keeps its byte bound after sizes that sum up to no number', () => {
    const replay = replayOf({ bytes: 5, size: (n) => n });
    for (const n of [1, Infinity, 3, 3]) replay.push(n);
    expect(kept(replay)).toEqual([3]);
  });

  it('forgets everything when cleared, its timer too', () => {
    const replay = replayOf({ bytes: 5, maxAgeMs: 5, size: (n) => n });
    for (const n of [2, 3]) replay.push(n);
    replay.clear();
    expect(kept(replay)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    for (const n of [2, 3]) replay.push(n);
    expect(kept(replay)).toEqual([2, 3]);
  });

  it('keeps nothing of an item whose size is none', () => {
    const replay = replayOf({ bytes: 5, size: () => NaN });
    expect(() => replay.push(1)).toThrow('fanOut: size must return a number of at least 0, got NaN');
    expect(replay.length).toBe(0);
  });

  it('keeps what the plainest program would', () => {
    const step = fc.record({ size: fc.nat({ max: 6 }), pauseMs: fc.nat({ max: 4 }) });
    const upTo = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(fc.array(step), upTo(5), upTo(12), upTo(9), (steps, count, bytes, maxAgeMs) => {
        vi.setSystemTime(0);
        const replay = replayOf<{ size: number; at: number }>({ count, bytes, maxAgeMs });
        let all: { size: number; at: number }[] = [];
        for (const { size, pauseMs } of steps) {
          vi.advanceTimersByTime(pauseMs);
          const item = { size, at: Date.now() };
          replay.push(item);
          all = [...all, item].slice(-count).filter(({ at }) => Date.now() - at < maxAgeMs);
          while (all.reduce((sum, each) => sum + each.size, 0) > bytes) all.shift();
          expect(kept(replay)).toEqual(all);
        }
        replay.clear();
      }),
    );
  });

  it('refuses bounds that are none, and to have none', () => {
    expect(() => replayOf({})).toThrow('fanOut: replay needs count, bytes or maxAgeMs');
    expect(() => replayOf({ count: -1 })).toThrow('replay.count must be a whole number of at least 0 or Infinity');
    expect(() => replayOf({ bytes: 0 })).toThrow('replay.bytes must be a whole number of at least 1 or Infinity');
    expect(() => replayOf({ maxAgeMs: 0 })).toThrow(RangeError);
    expect(() => replayOf({ count: '3' as unknown as number })).toThrow(TypeError);
    expect(() => new Replay('fanOut', { count: Infinity }, asyncScheduler)).not.toThrow();
  });
});
