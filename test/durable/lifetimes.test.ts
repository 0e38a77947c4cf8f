import { describe, expect, it } from 'vitest';
import type { Lifetime } from '../../src/durable/lifetime.js';
import { Lifetimes } from '../../src/durable/lifetimes.js';
import type { StreamRecord } from '../../src/durable/stream-record.js';
import { VirtualTime } from '../virtual-time.js';

function stage(startAt = 0) {
  const time = new VirtualTime();
  time.frame = startAt;
  const over: string[] = [];
  const used = new Set<string>();
  const lifetimes = new Lifetimes({
    scheduler: time,
    inUse: (name) => used.has(name),
    over: (name) => {
      over.push(`${name} at ${time.now()}`);
      lifetimes.forget(name);
    },
  });
  const record = (name: string, lifetime: Lifetime, times: { createdAt?: number; lastChunkAt?: number } = {}) =>
    ({ name, lifetime, info: { createdAt: 0, ...times } }) as StreamRecord;
  return { time, over, used, lifetimes, record };
}

describe('Lifetimes', () => {
  it('lets a stream live for so long after it was last used', async () => {
    const { time, over, lifetimes, record } = stage();
    const stream = record('a', { ttl: 2 });
    lifetimes.touch(stream);
    await time.pass(1500);
    lifetimes.touch(stream);
    expect(lifetimes.isOver(stream)).toBe(false);
    await time.pass(1999);
    expect(over).toEqual([]);
    await time.pass(1);
    expect(over).toEqual(['a at 3500']);
    expect(lifetimes.isOver(stream)).toBe(true);
  });

  it('counts what was written through any door', async () => {
    const { time, lifetimes, record } = stage();
    await time.pass(3000);
    expect(lifetimes.isOver(record('a', { ttl: 2 }))).toBe(true);
    expect(lifetimes.isOver(record('a', { ttl: 2 }, { lastChunkAt: 2000 }))).toBe(false);
  });

  it('lets a stream live that somebody reads, but not beyond a time that was set', async () => {
    const { time, used, lifetimes, record } = stage();
    used.add('a').add('b');
    const [sliding, fixed] = [record('a', { ttl: 1 }), record('b', { expiresAt: new Date(1000).toISOString() })];
    await time.pass(1000);
    expect([lifetimes.isOver(sliding), lifetimes.isOver(fixed)]).toEqual([false, true]);
    used.clear();
    await time.pass(999);
    expect(lifetimes.isOver(sliding)).toBe(false);
    await time.pass(1);
    expect(lifetimes.isOver(sliding)).toBe(true);
  });

  it('begins anew with the process, and with a stream that is made anew', async () => {
    const { time, lifetimes, record } = stage(10_000);
    expect(lifetimes.isOver(record('a', { ttl: 1 }))).toBe(false);
    await time.pass(1000);
    expect(lifetimes.isOver(record('a', { ttl: 1 }))).toBe(true);
    expect(lifetimes.isOver(record('a', { ttl: 1 }, { createdAt: 11_000 }))).toBe(false);
  });

  it('says nothing of streams without a lifetime, and waits for years', async () => {
    const { time, over, lifetimes, record } = stage();
    lifetimes.touch(record('a', {}));
    expect(lifetimes.isOver(record('a', {}))).toBe(false);
    expect(lifetimes.isOver(record('b', { ttl: 2 ** 40 }))).toBe(false);
    expect(time.actions.every(({ delay }) => delay < 2 ** 31)).toBe(true);
    lifetimes.touch(record('c', { ttl: 1 }));
    lifetimes.dispose();
    await time.pass(2000);
    expect(over).toEqual([]);
  });
});
