import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { AnswerLost } from '../../../src/log/nats/caller.js';
import { append, create, living, type NatsBounds, remove, type StreamState } from '../../../src/log/nats/state.js';
import type { Draft } from '../../../src/log/nats/store.js';
import { StreamWrites, type Write } from '../../../src/log/nats/writes.js';
import { encoded, refused, texts } from '../../../src/testing/log-stage.js';

const bounds: NatsBounds = { maxChunks: 100, maxProducers: 1000, ttlMs: Infinity, now: () => 0 };

/** One subject, in memory. */
class FakeStore {
  seq = 0;
  state: StreamState | undefined;
  readonly published: { chunks: number; id: string; count?: number; from?: number }[] = [];
  /** Called before a message is kept. */
  before: (() => void) | undefined;
  loads = 0;
  maxBody = 10_000;
  /** What the next message fails with. */
  failure: unknown;

  async last(): Promise<unknown> {
    this.loads++;
    return this.state === undefined ? undefined : { seq: this.seq, state: this.state, count: 0 };
  }

  async publish(
    _: string,
    { state, chunks, count, parts }: Draft,
    expected: number,
    id: string,
  ): Promise<number | undefined> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    this.before?.();
    if (expected !== this.seq) return undefined;
    this.state = state;
    this.published.push({ chunks: chunks.length, id, ...(count === undefined ? {} : { count }), ...parts });
    return ++this.seq;
  }
}

function stage() {
  const store = new FakeStore();
  const writer = (id: string) => new StreamWrites('s', store as never, id);
  return { store, writer };
}

const creating: Write<boolean> = {
  bytes: 0,
  repeatable: true,
  decide: (state, seq) => create('s', living(state, bounds), {}, { after: seq, life: 'l', now: 0 }),
};

function appending(n: number, seq?: number): Write<{ first: number; duplicates: number }> {
  const options = seq === undefined ? {} : { producer: { id: 'p', epoch: 0, seq } };
  return {
    bytes: 100,
    repeatable: seq !== undefined,
    decide: (state) => append('s', state, texts(n, 1), options, bounds),
  };
}

describe('StreamWrites', () => {
  it('puts what comes while a message is under way into the next', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    const done = [writes.add(creating), ...[0, 1, 2].map((n) => writes.add(appending(n, n)))];
    expect(writes.idle).toBe(false);
    await Promise.all(done);
    expect(store.published.map(({ chunks }) => chunks)).toEqual([0, 3]);
    expect(new Set(store.published.map(({ id }) => id)).size).toBe(2);
    expect(store.loads, 'the state is remembered').toBe(1);
    expect(writes.idle).toBe(true);
  });

  it('decides anew when another was quicker', async () => {
    const { store, writer } = stage();
    const [one, other] = [writer('a'), writer('b')];
    await one.add(creating);
    await other.add(appending(0));
    expect(await one.add(appending(1))).toMatchObject({ first: 1 });
    expect(store.published).toHaveLength(3);
  });

  it('refuses, or says that nothing is to be done, only on what it has just read', async () => {
    const { store, writer } = stage();
    const [one, other] = [writer('a'), writer('b')];
    await one.add(creating);
    await other.add(appending(0, 0));
    expect(await one.add(appending(1, 1)), 'one has not heard of number 0').toMatchObject({ first: 1 });
    expect(await one.add(appending(0, 0))).toMatchObject({ duplicates: 1 });
    const { details } = await refused('sequence-gap', () => one.add(appending(9, 9)));
    expect(details.expected).toBe(2);
    store.state = undefined;
    store.seq++;
    await refused('stream-not-found', () => one.add(appending(0, 0)));
  });

  it('refuses one write of a message and keeps the others', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    await writes.add(creating);
    const first = writes.add(appending(0, 0));
    const refusal = refused('sequence-gap', () => writes.add(appending(7, 7)));
    expect(await Promise.all([first, refusal, writes.add(appending(1, 1))])).toHaveLength(3);
    expect(store.state!.next).toBe(2);
  });

  it('does what follows before it acknowledges, and lets nothing behind a removal into its message', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    const told: number[] = [];
    const removing: Write<boolean> = {
      ...creating,
      alone: true,
      decide: (state) => remove(state),
      kept: ({ seq }) => void told.push(seq),
    };
    await Promise.all([writes.add(creating), writes.add(appending(0)), writes.add(removing), writes.add(creating)]);
    expect(told).toEqual([3]);
    expect(store.state).toMatchObject({ next: 0, after: 3 });
    expect(store.published).toHaveLength(4);
  });

  it('tells only its own caller when what follows fails', async () => {
    const { writer } = stage();
    const writes = writer('a');
    await writes.add(creating);
    const failing = { ...appending(0, 0), kept: () => Promise.reject(new StreamError('log-unavailable', 'gone')) };
    const first = writes.add({ ...creating, bytes: 1 });
    const second = refused('log-unavailable', () => writes.add(failing));
    expect(await Promise.all([first, second, writes.add(appending(1, 1))])).toHaveLength(3);
  });

  it('says what nobody knows, and goes on', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    await writes.add(creating);
    const unreachable = new StreamError('log-unavailable', 'NATS cannot be reached');
    store.failure = new AnswerLost(unreachable);
    await refused('connection-lost', () => writes.add(appending(0)));
    store.failure = new AnswerLost(unreachable);
    await refused('log-unavailable', () => writes.add(appending(0, 0)));
    expect(await writes.add(appending(0, 0))).toMatchObject({ first: 0 });
    expect(store.loads, 'what it knew may be wrong').toBeGreaterThan(2);
  });

  it('keeps in parts what is too much for one message, and lets nothing come between', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    await Promise.all([writes.add(creating), writes.add(appending(0))]);
    const chunks = ['x', 'y', 'z'].map((letter) => encoded(letter.repeat(6000)));
    const all: Write<unknown> = {
      bytes: 18_000,
      repeatable: true,
      decide: (state) => append('s', state, chunks, {}, bounds),
    };
    await Promise.all([writes.add(all), writes.add(appending(4))]);
    const [, , one, two, last, next] = store.published;
    expect([one, two]).toMatchObject([
      { chunks: 1, count: 0 },
      { chunks: 1, count: 0 },
    ]);
    expect(last, 'the number, and the count of those in parts').toMatchObject({ chunks: 1, from: 3, count: 2 });
    expect(next).toMatchObject({ chunks: 1 });
    expect(store.state!.next).toBe(5);
    let calls = 0;
    store.before = () => void (calls++ === 1 && store.seq++);
    expect(await writes.add(all), 'another came between').toMatchObject({ first: 5, next: 8 });
    expect(calls, 'one, a conflict, and all three again').toBe(5);
  });

  it('refuses a chunk that fits into no message, but not what is known already', async () => {
    const { store, writer } = stage();
    const writes = writer('a');
    await writes.add(creating);
    const chunks = [encoded('x'), encoded('y'.repeat(12_000))];
    const both: Write<unknown> = {
      bytes: 12_000,
      repeatable: true,
      decide: (state) => append('s', state, chunks, { producer: { id: 'p', epoch: 0, seq: 0 } }, bounds),
    };
    const { message } = await refused('chunk-too-large', () => writes.add(both));
    expect(message).toContain('max_payload');
    store.maxBody = 20_000;
    await writes.add(both);
    store.maxBody = 10_000;
    expect(await writes.add(both)).toMatchObject({ duplicates: 2 });
  });

  it('refuses producers for whose ids there is no room', async () => {
    const { writer } = stage();
    const writes = writer('a');
    await writes.add(creating);
    const by = (n: number): Write<unknown> => ({
      bytes: 0,
      repeatable: true,
      decide: (state) =>
        append('s', state, [], { producer: { id: `${n} ${'é'.repeat(250)}`, epoch: 0, seq: 0 } }, bounds),
    });
    const { message } = await refused('limit-reached', async () => {
      for (let n = 0; n < 100; n++) await writes.add(by(n));
    });
    expect(message).toMatch(/with \d\d producers/);
  });
});
