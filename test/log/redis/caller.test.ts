import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { AnswerLost, RedisCaller, type ScriptCall } from '../../../src/log/redis/caller.js';
import type { RedisReply } from '../../../src/log/redis/client.js';
import { FakeDoor } from './fake-door.js';

const script = { text: 'return 1', sha: 'abc' };
const call: ScriptCall = { script, keys: ['a', 'b'], values: ['v'], streamId: 's' };

/** A caller whose commands are answered one after the other. */
function make(answers: readonly (RedisReply | Error)[], patienceMs = 1000) {
  const door = new FakeDoor();
  const rest = [...answers];
  door.answer = () => {
    const answer = rest.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? null;
  };
  const caller = new RedisCaller(door, patienceMs);
  const open = door.open.bind(door);
  door.open = (listener) => {
    setTimeout(() => listener.ready());
    return open(listener);
  };
  return { door, caller };
}

describe('RedisCaller', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function after<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    await vi.advanceTimersByTimeAsync(20_000);
    return await promise;
  }

  it('runs a script by its name', async () => {
    const { door, caller } = make([7]);
    expect(await after(caller.run(call))).toBe(7);
    expect(door.latest.sent).toEqual([['EVALSHA', 'abc', '2', 'a', 'b', 'v']]);
    caller.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends the script whole when the server has forgotten it, also where it must not come twice', async () => {
    const { door, caller } = make([new Error('NOSCRIPT No matching script'), 7]);
    expect(await after(caller.run(call, false))).toBe(7);
    expect(door.latest.sent[1]).toEqual(['EVAL', 'return 1', '2', 'a', 'b', 'v']);
  });

  it('waits where nothing was done, and repeats', async () => {
    const { caller } = make([new Error('LOADING'), new Error('The client is offline'), 7]);
    expect(await after(caller.run(call, false))).toBe(7);
  });

  it('repeats what broke, unless that must not be', async () => {
    expect(await after(make([new Error('Socket closed unexpectedly'), 7]).caller.run(call))).toBe(7);
    const broken = new Error('Connection is closed.');
    const lost = after(make([broken]).caller.run(call, false));
    await expect(lost).rejects.toBeInstanceOf(AnswerLost);
    await expect(lost).rejects.toMatchObject({ cause: broken });
  });

  it('looks for the master elsewhere, over one new connection', async () => {
    const { door, caller } = make([1, new Error('READONLY'), new Error('READONLY'), 7, 8]);
    await after(caller.send('k', ['GET', 'k']));
    expect(await after(Promise.all([caller.run(call), caller.run(call)]))).toEqual([7, 8]);
    expect(door.connections.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('gives up when its patience ends', async () => {
    const { caller } = make(
      Array.from({ length: 100 }, () => new Error('LOADING Redis is loading')),
      500,
    );
    const failed = after(caller.send('k', ['GET', 'k']));
    await expect(failed).rejects.toMatchObject({ code: 'log-unavailable' });
    await expect(failed).rejects.toThrow('LOADING');
  });

  it('names what will not get better, at once', async () => {
    const { door, caller } = make([new Error('OOM command not allowed')]);
    await expect(after(caller.run(call))).rejects.toMatchObject({ code: 'log-full', details: { streamId: 's' } });
    expect(door.latest.sent).toHaveLength(1);
  });

  it('takes a new connection when the server is silent', async () => {
    const { door, caller } = make([], 1000);
    door.answer = () => new Promise(() => {});
    void caller.send('k', ['GET', 'k']);
    await vi.advanceTimersByTimeAsync(900);
    expect(door.connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(door.connections.map(({ closed }) => closed)).toEqual([true, false]);
    caller.dispose();
  });

  it('does nothing after it was disposed of', async () => {
    const { caller } = make([7]);
    caller.dispose();
    await expect(caller.run(call)).rejects.toBeInstanceOf(StreamError);
  });
});
