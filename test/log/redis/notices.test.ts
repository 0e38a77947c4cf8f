import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisCaller } from '../../../src/log/redis/caller.js';
import { RedisKeys } from '../../../src/log/redis/keys.js';
import { StreamNotices } from '../../../src/log/redis/notices.js';
import { FakeDoor } from './fake-door.js';

const keys = new RedisKeys('p');
const pulse = keys.pulse('me');

function make() {
  const door = new FakeDoor();
  const published: string[] = [];
  const server = { reachable: true };
  const caller = {
    send: async (_key: string, command: readonly string[]) => {
      if (!server.reachable) throw new Error('unreachable');
      published.push(command.join(' '));
    },
  } as unknown as RedisCaller;
  const notices = new StreamNotices(door, caller, keys, { id: 'me', pulseMs: 1000 });
  const calls: string[] = [];
  const watch = (name: string) => notices.add(name, () => calls.push(name));
  const turn = () => vi.advanceTimersByTimeAsync(0);
  return { door, published, server, notices, calls, watch, turn };
}

describe('StreamNotices', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('joins all that are asked for in one turn at once, and calls their watchers when it has', async () => {
    const { door, calls, watch, turn } = make();
    for (const name of ['a', 'b', 'a']) watch(name);
    expect(door.connections).toHaveLength(1);
    door.latest.listener.ready();
    await turn();
    expect(door.latest.said).toEqual([`+p:{a},p:{b},${pulse}`]);
    expect(calls.toSorted()).toEqual(['a', 'a', 'b']);
  });

  it('calls who watches a stream, and nobody who has stopped', async () => {
    const { door, calls, watch, turn } = make();
    const stops = [watch('a'), watch('a'), watch('b')];
    door.latest.listener.ready();
    await turn();
    calls.length = 0;
    door.latest.listener.message('p:{a}');
    expect(calls).toEqual(['a', 'a']);
    for (const stop of stops.slice(0, 2)) {
      stop();
      stop();
    }
    await turn();
    door.latest.listener.message('p:{a}');
    door.latest.listener.message('p:{c}');
    expect(calls).toEqual(['a', 'a']);
    expect(door.latest.said.slice(1)).toEqual(['-p:{a}']);
  });

  it('joins and leaves as often as it is told', async () => {
    const { door, calls, watch, turn } = make();
    watch('b');
    door.latest.listener.ready();
    await turn();
    watch('a')();
    await turn();
    const stop = watch('a');
    await turn();
    stop();
    watch('a');
    await turn();
    expect([...door.latest.joined].toSorted()).toEqual(['p:{a}', 'p:{b}', pulse].toSorted());
    calls.length = 0;
    door.latest.listener.message('p:{a}');
    expect(calls).toEqual(['a']);
  });

  it('joins anew and calls everybody when a lost connection is back', async () => {
    const { door, calls, watch, turn } = make();
    watch('a');
    const stop = watch('b');
    door.latest.listener.ready();
    await turn();
    door.latest.listener.lost();
    stop();
    watch('c');
    await turn();
    calls.length = 0;
    door.latest.listener.ready();
    await turn();
    expect(calls.toSorted()).toEqual(['a', 'c']);
    expect(door.latest.said.at(-1)).toBe(`+p:{a},p:{c},${pulse}`);
  });

  it('takes a new connection when it does not hear itself', async () => {
    const { door, published, watch, turn } = make();
    watch('a');
    door.latest.listener.ready();
    await turn();
    await vi.advanceTimersByTimeAsync(1000);
    expect(published).toEqual([`PUBLISH ${pulse} `]);
    door.latest.listener.message(pulse);
    await vi.advanceTimersByTimeAsync(1000);
    expect(door.connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(door.connections.map(({ closed }) => closed)).toEqual([true, false]);
    door.latest.listener.ready();
    await turn();
    expect(door.latest.joined).toEqual(new Set(['p:{a}', pulse]));
  });

  it('takes silence for nothing while it cannot speak', async () => {
    const { door, server, watch, turn } = make();
    watch('a');
    await vi.advanceTimersByTimeAsync(3000);
    door.latest.listener.ready();
    await turn();
    server.reachable = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(door.connections).toHaveLength(1);
  });

  it('calls everybody from time to time on a cluster', async () => {
    const { door, calls, watch, turn } = make();
    door.cluster = true;
    watch('a');
    door.latest.listener.ready();
    await turn();
    calls.length = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toEqual(['a']);
  });

  it('tries again, over another connection, when it may not join', async () => {
    const { door, calls, watch, turn } = make();
    door.forbids = true;
    watch('a');
    door.latest.listener.ready();
    await vi.advanceTimersByTimeAsync(2000);
    expect(door.connections).toHaveLength(2);
    door.forbids = false;
    door.latest.listener.ready();
    await turn();
    expect(calls).toEqual(['a']);
  });

  it('closes the connection a while after the last watcher, and opens it for the next', async () => {
    const { door, watch } = make();
    const stop = watch('a');
    door.latest.listener.ready();
    stop();
    await vi.advanceTimersByTimeAsync(999);
    watch('a')();
    await vi.advanceTimersByTimeAsync(999);
    expect(door.latest.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(door.latest.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    watch('a');
    expect(door.connections).toHaveLength(2);
  });

  it('calls nobody after it was disposed of', async () => {
    const { door, notices, calls, watch } = make();
    const stop = watch('a');
    const { listener } = door.latest;
    notices.dispose();
    listener.ready();
    listener.message('p:{a}');
    stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toEqual([]);
    expect(door.latest.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
