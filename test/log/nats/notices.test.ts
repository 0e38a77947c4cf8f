import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NatsNotices } from '../../../src/log/nats/notices.js';
import { NatsSubjects } from '../../../src/log/nats/subjects.js';

/** As much of a connection as is needed to watch. */
class FakeConnection {
  readonly subscribed = new Map<string, () => void>();
  closed = false;
  private tell: ((status: IteratorResult<{ type: string }>) => void) | undefined;

  constructor(readonly info: { cluster?: string } = {}) {}

  subscribe(subject: string, { callback }: { callback: () => void }): { unsubscribe(): void } {
    if (this.closed) throw new Error('closed connection');
    this.subscribed.set(subject, callback);
    return { unsubscribe: () => void this.subscribed.delete(subject) };
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  status(): AsyncIterable<{ type: string }> {
    const next = () => new Promise<IteratorResult<{ type: string }>>((resolve) => (this.tell = resolve));
    return { [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true, value: undefined }) }) };
  }

  async say(type: string): Promise<void> {
    this.tell!({ done: false, value: { type } });
    await settled();
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);

function notices(connection: FakeConnection, pulseMs = 1000): NatsNotices {
  return new NatsNotices(connection as never, new NatsSubjects('log'), pulseMs);
}

describe('NatsNotices', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('subscribes once for all who watch a stream, and calls each when that has begun', async () => {
    const connection = new FakeConnection();
    const watching = notices(connection);
    const [one, other] = [vi.fn(), vi.fn()];
    const stops = [watching.add('a/b', one), watching.add('a/b', other)];
    expect([...connection.subscribed.keys()]).toEqual(['log.told.a.b']);
    await settled();
    expect(one).toHaveBeenCalledTimes(1);
    connection.subscribed.get('log.told.a.b')!();
    expect(one).toHaveBeenCalledTimes(2);
    expect(other).toHaveBeenCalledTimes(2);
    stops[0]!();
    stops[0]!();
    expect(connection.subscribed.size).toBe(1);
    stops[1]!();
    expect(connection.subscribed.size).toBe(0);
  });

  it('calls everybody when the connection is back', async () => {
    const connection = new FakeConnection();
    const watching = notices(connection);
    const listeners = ['a', 'b'].map((name) => {
      const listener = vi.fn();
      watching.add(name, listener);
      return listener;
    });
    await settled();
    await connection.say('disconnect');
    expect(listeners.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    await connection.say('reconnect');
    expect(listeners.map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  });

  it('calls everybody from time to time in a cluster, and nowhere else', async () => {
    for (const [info, calls] of [
      [{ cluster: 'c' }, 3],
      [{}, 1],
    ] as const) {
      const listener = vi.fn();
      const watching = notices(new FakeConnection(info));
      watching.add('a', listener);
      await vi.advanceTimersByTimeAsync(2500);
      expect(listener).toHaveBeenCalledTimes(calls);
      watching.dispose();
      await vi.advanceTimersByTimeAsync(2500);
      expect(listener).toHaveBeenCalledTimes(calls);
    }
  });

  it('calls who watches on a connection that is closed, so that reading tells why', async () => {
    const connection = new FakeConnection();
    connection.closed = true;
    const listener = vi.fn();
    const stop = notices(connection).add('a', listener);
    await settled();
    expect(listener).toHaveBeenCalledTimes(1);
    stop();
  });

  it('calls nobody once it is disposed of', async () => {
    const connection = new FakeConnection();
    const watching = notices(connection);
    const listener = vi.fn();
    const stop = watching.add('a', listener);
    watching.dispose();
    watching.add('a', listener);
    await settled();
    expect(listener).not.toHaveBeenCalled();
    expect(connection.subscribed.size).toBe(0);
    stop();
  });
});
