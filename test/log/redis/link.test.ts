import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisLink } from '../../../src/log/redis/link.js';
import { FakeDoor } from './fake-door.js';

describe('RedisLink', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens one connection for all who wait, and hands it to them', async () => {
    const door = new FakeDoor();
    const link = new RedisLink(door);
    const waiting = [link.whenReady(100), link.whenReady(100)];
    expect(link.ready).toBeUndefined();
    door.latest.listener.ready();
    expect((await Promise.all(waiting)).every((connection) => connection === link.ready)).toBe(true);
    expect(await link.whenReady(0)).toBe(link.ready);
    expect(door.connections).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is patient, and then says why nobody came', async () => {
    const door = new FakeDoor();
    const link = new RedisLink(door);
    const waiting = link.whenReady(100);
    door.latest.listener.failed(new Error('connect ECONNREFUSED'));
    vi.advanceTimersByTime(100);
    await expect(waiting).rejects.toThrow('Redis cannot be reached: connect ECONNREFUSED');
  });

  it('is not ready while the connection is lost', async () => {
    const door = new FakeDoor();
    let ready = 0;
    const link = new RedisLink(door, { ready: () => ready++ });
    link.open();
    door.latest.listener.ready();
    door.latest.listener.lost();
    expect(link.ready).toBeUndefined();
    door.latest.listener.ready();
    expect(link.ready).toBeDefined();
    expect(ready).toBe(2);
  });

  it('hears nothing of a connection it has given up', () => {
    const door = new FakeDoor();
    const heard: string[] = [];
    const link = new RedisLink(door, { ready: () => heard.push('ready'), message: (channel) => heard.push(channel) });
    link.open();
    const { listener } = door.latest;
    listener.message('a');
    link.renew();
    expect(door.connections.map(({ closed }) => closed)).toEqual([true, false]);
    listener.ready();
    listener.message('b');
    listener.failed(new Error('late'));
    listener.lost();
    expect(heard).toEqual(['a']);
    expect(link.ready).toBeUndefined();
  });

  it('lets nobody wait when it is disposed of', async () => {
    const link = new RedisLink(new FakeDoor());
    const waiting = link.whenReady(100);
    link.dispose();
    await expect(waiting).rejects.toThrow('disposed of');
    expect(vi.getTimerCount()).toBe(0);
  });
});
