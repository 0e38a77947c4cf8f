import { VirtualTimeScheduler } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import { runEvents, type RunEvent } from 'sluice/run';
import { createStreams } from 'sluice/streams';
import { describe, expect, it, vi } from 'vitest';
import { readRunQuery } from '../../src/node/run-query.js';
import { RunWatch, type RunWatchOptions } from '../../src/node/run-watch.js';

const everything = readRunQuery(new URL('http://localhost/'), undefined);

/** A run of so many events, and a socket that takes nothing until it is told to. */
async function stage(count: number, options: RunWatchOptions = {}) {
  const streams = createStreams({ log: createMemoryLog() });
  const event = (n: number) => ({
    event_type: 'step_log',
    execution_id: 'one',
    step_id: 'a',
    timestamp: n,
    data: { message: 'x'.repeat(100) },
  });
  const chunks = Array.from({ length: count }, (_, n) => createChunk({ streamId: 'any', seq: 0, data: event(n) }));
  await streams.publish('runs/one', chunks);
  const all = { ...everything, life: (await streams.info('runs/one'))!.life };
  const read = vi.spyOn(streams.log, 'read');
  const watch = new RunWatch(streams, (value) => runEvents.parse(value) as RunEvent, options);
  const listeners = new Map<string, () => void>();
  const sent: string[] = [];
  const waiting: (() => void)[] = [];
  const socket = {
    bufferedAmount: 0,
    send: (data: string, done: () => void) => {
      sent.push(data);
      socket.bufferedAmount += data.length;
      waiting.push(done);
    },
    ping: vi.fn(),
    close: vi.fn(),
    terminate: vi.fn(),
    on: (name: string, listener: () => void) => void listeners.set(name, listener),
  };
  const drain = (): void => {
    socket.bufferedAmount = 0;
    for (const done of waiting.splice(0)) done();
  };
  return { all, streams, watch, socket, sent, drain, read, emit: (name: string) => listeners.get(name)?.() };
}

describe('RunWatch', () => {
  it('reads no further for a socket that takes nothing, and goes on when it does', async () => {
    const { all, streams, watch, socket, sent, drain } = await stage(5000, { capacity: 4, highWaterMark: 1000 });
    const over = watch.overSocket('one', all, socket);
    await expect.poll(() => socket.bufferedAmount).toBeGreaterThanOrEqual(1000);
    // Whatever could still come in these turns has come.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sent.length).toBeLessThan(10);
    await streams.close('runs/one');
    const draining = setInterval(drain, 0);
    await over;
    clearInterval(draining);
    expect(sent.map((text) => (JSON.parse(text) as RunEvent).timestamp)).toEqual(
      Array.from({ length: 5000 }, (_, n) => n),
    );
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1000, 'the run has ended');
  });

  it('lets go of the log when the socket goes', async () => {
    const { all, streams, watch, socket, sent, drain, emit } = await stage(1);
    const over = watch.overSocket('one', all, socket);
    await expect.poll(() => sent).toHaveLength(1);
    expect([...streams.readers.all()]).toHaveLength(1);
    emit('error');
    emit('close');
    drain();
    await over;
    expect([...streams.readers.all()]).toEqual([]);
  });

  it('ends a socket that does not say that it lives', async () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = 250;
    const { all, watch, socket, emit } = await stage(0, { pingMs: 100, scheduler });
    void watch.overSocket('one', all, socket);
    scheduler.flush();
    expect(socket.ping).toHaveBeenCalledTimes(1);
    expect(socket.terminate).toHaveBeenCalledTimes(1);
    emit('close');
  });

  it('keeps a socket that does', async () => {
    const scheduler = new VirtualTimeScheduler();
    scheduler.maxFrames = 450;
    const { all, watch, socket, emit } = await stage(0, { pingMs: 100, scheduler });
    socket.ping.mockImplementation(() => emit('pong'));
    void watch.overSocket('one', all, socket);
    scheduler.flush();
    expect(socket.ping).toHaveBeenCalledTimes(4);
    expect(socket.terminate).not.toHaveBeenCalled();
    emit('close');
  });

  it('says why it cannot go on', async () => {
    const { all, streams, watch, socket } = await stage(0);
    await streams.publish('runs/one', [createChunk({ streamId: 'any', seq: 0, data: 'no event' })]);
    await watch.overSocket('one', all, socket);
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1011, expect.stringContaining('chunk-invalid: '));
  });

  it('knows who has seen it all', async () => {
    const { all, streams, watch } = await stage(3);
    const behind = (id: string) => readRunQuery(new URL('http://localhost/'), id);
    expect(await watch.isSeen('one', behind('2'))).toBe(false);
    await streams.close('runs/one');
    expect(await Promise.all([watch.isSeen('one', behind('2')), watch.isSeen('one', behind('1'))])).toEqual([
      true,
      false,
    ]);
    expect(await watch.isSeen('one', all)).toBe(false);
    expect(await watch.isSeen('none', behind('2'))).toBe(false);
  });
});
