import { lastValueFrom, toArray } from 'rxjs';
import * as z from 'zod';
import { actorPayloads, StreamError } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import type { Queue } from 'sluice/queue';
import { createMemoryQueue } from 'sluice/queue/memory';
import { actor, type ActorChunk, remoteActor, serveActors } from 'sluice/run';
import { createStreams, type Streams } from 'sluice/streams';
import { describe, expect, it } from 'vitest';
import { until } from '../servers/until.js';

function stage(change: { queue?: Partial<Queue>; streams?: Partial<Streams> } = {}): {
  queue: Queue;
  streams: Streams;
} {
  const queue = createMemoryQueue();
  const streams = createStreams({ log: createMemoryLog() });
  return {
    queue: Object.assign(Object.create(queue) as Queue, change.queue),
    streams: Object.assign(Object.create(streams) as Streams, change.streams),
  };
}

const echo = actor('echo', { execute: (input: unknown) => input });

describe('remoteActor', () => {
  it('joins a call that is made already, and reads one that is over', async () => {
    const { queue, streams } = stage();
    const remote = remoteActor<number, never, number>(queue, streams, 'echo');
    const both = [1, 2].map(async (input) => await remote.execute(input, { id: 'a' }));
    await until('it is made', async () => (await queue.counts()).waiting > 0);
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
    const serving = serveActors(queue, streams, [echo]).subscribe();
    expect(await Promise.all(both)).toEqual([1, 1]);
    expect(await remote.execute(3, { id: 'a' })).toBe(1);
    await until('nothing is left', async () => {
      const { waiting, claimed } = await queue.counts();
      return waiting + claimed === 0;
    });
    serving.unsubscribe();
  });

  it('joins a call that was made with other options', async () => {
    const { queue, streams } = stage();
    const held = remoteActor(queue, streams, 'nobody').stream(1, { id: 'b' }).subscribe();
    await until('it waits', async () => (await streams.info('actors/nobody/b')) !== undefined);
    const other = remoteActor(queue, streams, 'nobody', { keepMs: 1 }).execute(1, { id: 'b' });
    await streams.close('actors/nobody/b', 'failed', 'that will do');
    await expect(other).rejects.toThrow('that will do');
    held.unsubscribe();
  });

  it('cancels a call that nobody listens to any more, and takes it out of the queue', async () => {
    const { queue, streams } = stage();
    const remote = remoteActor(queue, streams, 'echo');
    const listening = remote.stream(1, { id: 'a' }).subscribe();
    await until('it waits', async () => (await queue.counts()).waiting === 1);
    listening.unsubscribe();
    await until('it is out', async () => (await queue.counts()).waiting === 0);
    expect(await streams.info('actors/echo/a')).toMatchObject({ status: 'cancelled' });
    // Before it is made it cannot be cancelled: then it is as soon as it is.
    remote.stream(1, { id: 'b' }).subscribe().unsubscribe();
    await until('it is cancelled', async () => (await streams.info('actors/echo/b'))?.status === 'cancelled');
  });

  it('leaves a call to others, where that is wanted', async () => {
    const { queue, streams } = stage();
    const remote = remoteActor(queue, streams, 'echo', { onUnsubscribe: 'leave', staleMs: Infinity });
    remote.stream('x', { id: 'a' }).subscribe().unsubscribe();
    await until('it waits', async () => (await queue.counts()).waiting === 1);
    const chunks = lastValueFrom(remote.follow('a').pipe(toArray()));
    remote.follow('a').subscribe().unsubscribe();
    const serving = serveActors(queue, streams, [echo]).subscribe();
    expect(await chunks).toEqual([{ type: 'complete', output: 'x' }]);
    expect(await streams.info('actors/echo/a')).toMatchObject({ metadata: { 'sluice.staleMs': null } });
    serving.unsubscribe();
  });

  it('is cancelled by a signal, for all who listen', async () => {
    const { queue, streams } = stage();
    const remote = remoteActor(queue, streams, 'echo', { onUnsubscribe: 'leave' });
    const stop = new AbortController();
    const mine = lastValueFrom(remote.stream(1, { id: 'a', signal: stop.signal }).pipe(toArray()));
    const theirs = lastValueFrom(remote.stream(1, { id: 'a' }).pipe(toArray()));
    await until('it waits', async () => (await queue.counts()).waiting === 1);
    stop.abort('enough');
    expect(await mine).toEqual([{ type: 'error', message: 'enough', code: 'run-cancelled' }]);
    expect(await theirs).toEqual([
      { type: 'error', message: 'the stream "actors/echo/a" was cancelled: enough', code: 'run-cancelled' },
    ]);
    const late = remote.stream(1, { id: 'b', signal: AbortSignal.abort('before') });
    expect(await lastValueFrom(late.pipe(toArray()))).toMatchObject([{ message: 'before' }]);
    expect(await streams.info('actors/echo/b')).toBeUndefined();
  });

  it('ends with an error when the call cannot be made, and leaves nothing behind', async () => {
    const { queue, streams } = stage({
      queue: {
        enqueue: async () => {
          throw new StreamError('queue-full', 'no room');
        },
      },
    });
    const remote = remoteActor(queue, streams, 'echo');
    const chunks = await lastValueFrom(remote.stream(1, { id: 'a' }).pipe(toArray()));
    expect(chunks).toEqual([{ type: 'error', message: 'no room', code: 'queue-full' }]);
    expect(await streams.info('actors/echo/a')).toMatchObject({ status: 'failed', reason: 'no room' });
    await expect(remote.follow('b').output()).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('completes and fails as the stream does, where the actor has said nothing of it', async () => {
    const { queue, streams } = stage();
    const remote = remoteActor(queue, streams, 'echo');
    const calls = ['a', 'b'].map(async (id) => await lastValueFrom(remote.stream(1, { id }).pipe(toArray())));
    for (const id of ['a', 'b']) {
      await until('it is made', async () => (await streams.info(`actors/echo/${id}`)) !== undefined);
    }
    await streams.close('actors/echo/a');
    await streams.close('actors/echo/b', 'failed', 'stale');
    expect(await Promise.all(calls)).toEqual([
      [{ type: 'complete' }],
      [{ type: 'error', message: 'the stream "actors/echo/b" failed: stale', code: 'stream-failed' }],
    ]);
  });

  it('cancels a call of which it does not understand the answers', async () => {
    const { queue, streams } = stage();
    const payloads = actorPayloads.with({ citation: z.strictObject({ url: z.string() }) });
    const citing = actor('citing', {
      payloads,
      async *stream(_: unknown, { signal }) {
        yield { type: 'citation', url: 'a' } as unknown as ActorChunk;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
    const serving = serveActors(queue, streams, [citing]).subscribe();
    const chunks = await lastValueFrom(remoteActor(queue, streams, 'citing').stream(1, { id: 'a' }).pipe(toArray()));
    expect(chunks.at(-1)).toMatchObject({ type: 'error', code: 'chunk-invalid' });
    await until('it is cancelled', async () => (await streams.info('actors/citing/a'))?.status === 'cancelled');
    const knowing = remoteActor(queue, streams, 'citing', { payloads, onUnsubscribe: 'leave' });
    const first: string[] = [];
    const listening = knowing.stream(1, { id: 'b' }).subscribe(({ type }) => first.push(type));
    await until('it has cited', () => first.length === 2);
    expect(first).toEqual(['start', 'citation']);
    listening.unsubscribe();
    serving.unsubscribe();
  });

  it.each([
    ['a b', {}, 'a step id'],
    ['a', { onUnsubscribe: 'stay' }, 'onUnsubscribe must be "cancel" or "leave"'],
    ['a', { maxAttempts: 0 }, 'maxAttempts must be'],
    ['a', { keepMs: -1 }, 'keepMs must be'],
    ['a', { staleMs: 0 }, 'staleMs must be'],
  ])('refuses %s with %j', (name, options, message) => {
    const { queue, streams } = stage();
    expect(() => remoteActor(queue, streams, name, options as never)).toThrow(message);
  });
});
