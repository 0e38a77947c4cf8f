import { lastValueFrom, type Subscription, toArray } from 'rxjs';
import { createChunk } from 'sluice/chunk';
import { createMemoryLog } from 'sluice/log/memory';
import type { Queue, QueueOptions } from 'sluice/queue';
import { createMemoryQueue } from 'sluice/queue/memory';
import type { Outcome } from 'sluice/queue/work';
import {
  actor,
  type ActorChunk,
  type AnyActor,
  callStream,
  remoteActor,
  serveActors,
  type ServeActorsOptions,
} from 'sluice/run';
import { createStreams, type Streams } from 'sluice/streams';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../servers/until.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Stage {
  readonly queue: Queue;
  readonly streams: Streams;
  readonly outcomes: Outcome[];
  serve(actors: readonly AnyActor[], options?: ServeActorsOptions): Subscription;
  /** What a call says, from its beginning to its end. */
  heard(name: string, id: string): Promise<ActorChunk[]>;
}

function stage(options: QueueOptions = {}): Stage {
  const queue = createMemoryQueue({ retryMs: 1, maxRetryMs: 1, ...options });
  const streams = createStreams({ log: createMemoryLog() });
  const outcomes: Outcome[] = [];
  ends.push(
    () => queue.dispose(),
    () => streams.dispose(),
  );
  return {
    queue,
    streams,
    outcomes,
    serve: (actors, serving = {}) => {
      const subscription = serveActors(queue, streams, actors, serving).subscribe((outcome) => outcomes.push(outcome));
      ends.push(() => subscription.unsubscribe());
      return subscription;
    },
    heard: async (name, id) => await lastValueFrom(remoteActor(queue, streams, name).follow(id).pipe(toArray())),
  };
}

const speller = actor('speller', {
  async *stream(word: string) {
    for (const letter of word) yield { type: 'data', value: letter };
  },
});

/** An actor that says one thing and then waits to be let go, or called off. */
function waiting(): { readonly holder: AnyActor; readonly aborted: () => unknown; readonly calls: () => number } {
  let aborted: unknown;
  let calls = 0;
  const holder = actor('holder', {
    async *stream(_: unknown, { signal }) {
      calls++;
      yield { type: 'data', value: 'here' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted = signal.reason;
    },
  });
  return { holder, aborted: () => aborted, calls: () => calls };
}

describe('serveActors', () => {
  it('serves an actor to whoever calls it by its name', async () => {
    const { queue, streams, serve, outcomes } = stage();
    serve([speller], { concurrency: 2 });
    const remote = remoteActor<string, string, string>(queue, streams, 'speller', { session: 's1' });
    const chunks = await lastValueFrom(remote.stream('ab', { id: 'one' }).pipe(toArray()));
    expect(chunks).toEqual([
      { type: 'start', input: 'ab', attempt: 1 },
      { type: 'data', value: 'a' },
      { type: 'data', value: 'b' },
      { type: 'complete' },
    ]);
    expect(await remote.execute('abc')).toBe('abc');
    await until('both are done', () => outcomes.length === 2);
    expect(outcomes[0]).toEqual({ id: 'actors/speller/one', attempt: 1, status: 'done' });
    expect(await streams.info(callStream('speller', 'one'))).toMatchObject({
      status: 'completed',
      source: 'speller',
      session: 's1',
      contentType: 'application/json',
      metadata: { 'sluice.staleMs': 86_400_000 },
    });
  });

  it('serves an actor that only executes', async () => {
    const { queue, streams, serve } = stage();
    serve([actor('adder', { execute: ([a, b]: number[]) => a! + b! })]);
    const remote = remoteActor<number[], never, number>(queue, streams, 'adder');
    expect(await lastValueFrom(remote.stream([1, 2]).pipe(toArray()))).toEqual([{ type: 'complete', output: 3 }]);
  });

  it('tells readers of another attempt, also of one that only executes', async () => {
    const { queue, streams, serve, heard } = stage();
    const slow = actor('slow', {
      execute: (_: null, { attempt, progress }) => {
        progress(attempt);
        if (attempt === 1) throw new Error('not yet');
        return attempt;
      },
    });
    serve([slow], { isRetryable: () => true });
    const remote = remoteActor<null, never, number>(queue, streams, 'slow');
    expect(await lastValueFrom(remote.stream(null, { id: 'one' }).pipe(toArray()))).toEqual([
      { type: 'progress', current: 1 },
      { type: 'start', input: null, attempt: 2 },
      { type: 'progress', current: 2 },
      { type: 'complete', output: 2 },
    ]);
    expect(await heard('slow', 'one')).toHaveLength(4);
  });

  it('ends a call whose actor has failed, and tries it again only if asked to', async () => {
    let calls = 0;
    const moody = actor('moody', {
      async *stream(_: null, { attempt }) {
        calls++;
        yield { type: 'data', value: `try ${attempt}` };
        if (attempt < 3) throw new Error(`no ${attempt}`);
      },
    });
    const once = stage();
    once.serve([moody]);
    const remote = remoteActor(once.queue, once.streams, 'moody');
    expect(await lastValueFrom(remote.stream(null, { id: 'a' }).pipe(toArray()))).toEqual([
      { type: 'start', input: null, attempt: 1 },
      { type: 'data', value: 'try 1' },
      { type: 'error', message: 'no 1' },
    ]);
    await until('it is a dead letter', () => once.outcomes.length === 1);
    expect(once.outcomes[0]).toMatchObject({ status: 'dead', error: { message: 'no 1' } });
    expect(await once.streams.info('actors/moody/a')).toMatchObject({ status: 'failed', reason: 'no 1' });
    expect(calls).toBe(1);

    const again = stage();
    again.serve([moody], { isRetryable: ({ message }, attempt) => message === `no ${attempt}` });
    const patient = remoteActor<null, string, string>(again.queue, again.streams, 'moody');
    expect(await patient.execute(null, { id: 'a' })).toBe('try 3');
    expect((await again.heard('moody', 'a')).map((chunk) => ('attempt' in chunk ? chunk.attempt : chunk.type))).toEqual(
      [1, 'data', 2, 'data', 3, 'data', 'complete'],
    );
    const impatient = remoteActor(again.queue, again.streams, 'moody', { maxAttempts: 2 });
    await expect(impatient.execute(null)).rejects.toMatchObject({ code: 'stream-failed', message: 'no 2' });
  });

  it('gives the call of a worker that fell silent to another, and keeps nothing of the former', async () => {
    const { queue, streams, heard, serve } = stage({ leaseMs: 40 });
    // This one has claimed the job, has begun, and is never heard of again.
    const remote = remoteActor<string, string, string>(queue, streams, 'speller');
    const result = remote.execute('ab', { id: 'a' });
    const job = (await queue.claim({ waitMs: 10_000 }))!;
    const dead = { id: job.id, epoch: job.attempt };
    const say = (seq: number, value: string): Promise<unknown> =>
      streams.publish(job.id, [createChunk({ streamId: job.id, seq: 0, data: { type: 'data', value } })], {
        producer: { ...dead, seq },
      });
    await say(0, 'lost');
    serve([speller]);
    expect(await result).toBe('ab');
    expect(await heard('speller', 'a')).toEqual([
      { type: 'data', value: 'lost' },
      { type: 'start', input: 'ab', attempt: 2 },
      { type: 'data', value: 'a' },
      { type: 'data', value: 'b' },
      { type: 'complete' },
    ]);
    await expect(say(1, 'ghost')).rejects.toMatchObject({
      code: expect.stringMatching(/producer-fenced|stream-closed/) as string,
    });
  });

  it('aborts an actor whose call is cancelled, from whatever connection', async () => {
    const { queue, streams, serve, outcomes, heard } = stage();
    const { holder, aborted } = waiting();
    serve([holder]);
    const remote = remoteActor(queue, streams, 'holder');
    const chunks = lastValueFrom(remote.stream(null, { id: 'a' }).pipe(toArray()));
    await until('it has begun', async () => (await streams.info('actors/holder/a'))?.next === 2);
    await remoteActor(queue, streams, 'holder').cancel('a', 'too long');
    expect((await chunks).at(-1)).toMatchObject({ type: 'error', code: 'run-cancelled' });
    await until('the actor has heard of it', () => aborted() !== undefined);
    expect(aborted()).toMatchObject({ code: 'run-cancelled', message: 'too long' });
    await until('the job is done with', () => outcomes.length === 1);
    expect(outcomes[0]).toMatchObject({ status: 'done' });
    expect((await heard('holder', 'a')).at(-1)).toMatchObject({ code: 'run-cancelled' });
    // Once more does nothing.
    await remote.cancel('a');
    await expect(remote.cancel('b')).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('does not begin a call that was cancelled before, or whose stream is gone', async () => {
    const { queue, streams, serve, outcomes } = stage();
    const { holder, calls } = waiting();
    const remote = remoteActor(queue, streams, 'holder', { onUnsubscribe: 'leave' });
    for (const id of ['a', 'b']) {
      remote.stream(null, { id }).subscribe();
      await until('it waits', async () => (await queue.counts()).waiting > (id === 'a' ? 0 : 1));
    }
    await streams.cancel('actors/holder/a');
    await streams.delete('actors/holder/b');
    serve([holder]);
    await until('both are done with', () => outcomes.length === 2);
    expect(outcomes.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(calls()).toBe(0);
    expect(await streams.info('actors/holder/b')).toBeUndefined();
  });

  it('finishes what it has when told to stop, and gives back what takes too long', async () => {
    const { queue, streams, serve, outcomes } = stage();
    const stop = new AbortController();
    const { holder } = waiting();
    const first = serve([holder], { stop: stop.signal, graceMs: 20 });
    const remote = remoteActor(queue, streams, 'holder');
    const stream = remote.stream(null, { id: 'a' });
    const types: string[] = [];
    stream.subscribe(({ type }) => types.push(type));
    await until('it has begun', () => types.length === 2);
    stop.abort();
    await until('it has stopped', () => first.closed);
    // Another takes it, begins anew, and completes it.
    serve([actor('holder', { stream: async function* () {} as () => AsyncGenerator<ActorChunk> })]);
    await until('the call has ended', () => types.at(-1) === 'complete');
    expect(types).toEqual(['start', 'data', 'start', 'complete']);
    await until('the job is done', () => outcomes.some(({ status }) => status === 'done'));
    expect(outcomes.at(-1)).toMatchObject({ attempt: 2 });
  });

  it('ends calls that nobody can serve, and jobs that are no calls end as dead letters', async () => {
    const { queue, streams, serve, outcomes } = stage({ maxAttempts: 2 });
    serve([speller]);
    const remote = remoteActor(queue, streams, 'unknown');
    await expect(remote.execute(null)).rejects.toMatchObject({
      code: 'stream-failed',
      message: 'no actor "unknown" is here',
    });
    await queue.enqueue({ actor: 'speller' }, { id: 'actors/speller/x' });
    await queue.enqueue('other work', { id: 'other' });
    await until('all are given up', () => outcomes.filter(({ status }) => status === 'dead').length === 3);
    expect((await queue.dead()).map(({ reason }) => reason)).toEqual([
      'no actor "unknown" is here',
      expect.stringContaining('no call of an actor: id:') as string,
      expect.stringContaining('no call of an actor: payload:') as string,
    ]);
  });

  it('ends calls whose workers all died, so that nobody waits', async () => {
    const { queue, streams, serve } = stage({ maxAttempts: 2, leaseMs: 10 });
    const remote = remoteActor(queue, streams, 'speller');
    const result = remote.execute('ab');
    result.catch(() => {});
    for (const attempt of [1, 2]) expect(await queue.claim({ waitMs: 10_000 })).toMatchObject({ attempt });
    await until('it is given up', async () => (await queue.counts()).dead === 1);
    serve([], { deadEveryMs: 10 });
    await expect(result).rejects.toMatchObject({ code: 'stream-failed', message: 'the lease ran out' });
  });

  it('gives an attempt up that takes too long, and the call with it', async () => {
    const { queue, streams, serve } = stage({ maxAttempts: 2 });
    const { holder, calls } = waiting();
    serve([holder], { timeoutMs: 200 });
    const remote = remoteActor(queue, streams, 'holder');
    await expect(remote.execute(null)).rejects.toThrow('the attempt has taken more than 200 ms');
    expect(calls()).toBe(2);
  });

  it('tries again when the log could not be reached', async () => {
    const { queue, streams, heard } = stage();
    let broken = true;
    const { append } = streams;
    const flaky: Streams = Object.assign(Object.create(streams) as Streams, {
      append: (...given: Parameters<typeof append>) => {
        if (broken && given[1].length > 0) {
          broken = false;
          throw new Error('no way to the log');
        }
        return append.apply(streams, given);
      },
    });
    const subscription = serveActors(queue, flaky, [speller]).subscribe();
    ends.push(() => subscription.unsubscribe());
    expect(await remoteActor(queue, streams, 'speller').execute('ab', { id: 'a' })).toBe('ab');
    expect((await heard('speller', 'a'))[0]).toEqual({ type: 'start', input: 'ab', attempt: 2 });
  });

  it('says so when it cannot end a call that is given up, and does it later', async () => {
    const { queue, streams } = stage({ maxAttempts: 1 });
    const troubles: string[] = [];
    let isBroken = true;
    const flaky: Streams = Object.assign(Object.create(streams) as Streams, {
      append: (...given: Parameters<Streams['append']>) => {
        if (isBroken) throw new Error('no way to the log');
        return streams.append(...given);
      },
    });
    const serving = serveActors(queue, flaky, [], {
      deadEveryMs: 10,
      onTrouble: ({ message }) => {
        troubles.push(message);
        isBroken = false;
      },
    }).subscribe();
    ends.push(() => serving.unsubscribe());
    const remote = remoteActor<undefined, never, never>(queue, streams, 'speller');
    await expect(remote.execute(undefined)).rejects.toThrow('no actor "speller" is here');
    expect(troubles[0]).toBe('no way to the log');
    serving.unsubscribe();
    isBroken = true;
    const quiet = serveActors(queue, flaky, []).subscribe();
    ends.push(() => quiet.unsubscribe());
    const lost = remote.stream(undefined, { id: 'a' }).subscribe();
    await until('it is given up', async () => (await queue.counts()).dead === 2);
    lost.unsubscribe();
  });

  it('refuses two actors of one name', () => {
    const { queue, streams } = stage();
    expect(() => serveActors(queue, streams, [speller, speller])).toThrow('two actors have the name "speller"');
    expect(() => serveActors(queue, streams, [], { deadEveryMs: 0 })).toThrow('deadEveryMs');
  });
});
