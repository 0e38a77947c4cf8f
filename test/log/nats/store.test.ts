import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { NatsCaller } from '../../../src/log/nats/caller.js';
import { chunksOf } from '../../../src/log/nats/message.js';
import { append, create, type NatsBounds, type StreamState } from '../../../src/log/nats/state.js';
import { NatsStore } from '../../../src/log/nats/store.js';
import { NatsSubjects } from '../../../src/log/nats/subjects.js';
import { refused, texts } from '../../../src/testing/log-stage.js';
import { natsPath } from '../../servers/nats.js';
import { natsStage } from '../../servers/nats-stage.js';

const bounds: NatsBounds = { maxChunks: 100, maxProducers: 10, ttlMs: Infinity, now: () => 0 };

describe.skipIf(natsPath === undefined)('NatsStore', () => {
  const stage = natsStage();

  async function opened(prefix = stage.prefix()): Promise<NatsStore> {
    const connection = await stage.connect();
    const options = { replicas: 1, maxTotalBytes: -1 };
    return new NatsStore(connection, new NatsCaller(connection, 2000), new NatsSubjects(prefix), options);
  }

  /** Publishes a message of two chunks for each of so many. */
  async function filled(store: NatsStore, streamId: string, messages: number): Promise<StreamState> {
    let { state } = create(streamId, undefined, {}, { after: 0, life: 'l', now: 0 });
    for (let n = 0; n < messages; n++) {
      const { seq = 0 } = (await store.last(streamId)) ?? {};
      const step = append(streamId, state, texts(2 * n, 2), {}, bounds);
      await store.publish(streamId, { state: step.state!, chunks: step.chunks }, seq, `${streamId} ${n}`);
      ({ state } = step);
    }
    return state!;
  }

  it('gives back what was kept: the newest, and what is at or behind a number', async () => {
    const store = await opened();
    expect(await store.last('a/b')).toBeUndefined();
    const state = await filled(store, 'a/b', 3);
    await filled(store, 'a', 1);
    const last = (await store.last('a/b'))!;
    expect(last.state).toMatchObject({ next: 6, size: state.size });
    expect([...chunksOf(last.body)]).toEqual(texts(4, 2));
    expect((await store.atOrBehind('a/b', 2))?.seq).toBe(2);
    expect((await store.atOrBehind('a', 2))?.seq).toBe(4);
    expect(await store.atOrBehind('a/b', 4)).toBeUndefined();
  });

  it('keeps nothing when another message is the newest, and a message that comes twice once', async () => {
    const store = await opened();
    const { state } = create('s', undefined, {}, { after: 0, life: 'l', now: 0 });
    const { state: after, chunks } = append('s', state, texts(0, 1), {}, bounds);
    const step = { state: after!, chunks };
    expect(await store.publish('s', step, 5, 'one')).toBeUndefined();
    expect(await store.publish('s', step, 0, 'two')).toBe(1);
    expect(await store.publish('s', step, 0, 'two'), 'sent again').toBe(1);
    expect(await store.publish('s', step, 0, 'three')).toBeUndefined();
    expect(await store.atOrBehind('s', 2)).toBeUndefined();
  });

  it('visits messages from one on, over more than a page, until it is told to stop', async () => {
    const store = await opened();
    await filled(store, 's', 300);
    await filled(store, 't', 2);
    const seen: number[] = [];
    await store.scan({ subject: store.subjects.of('s'), from: 3 }, (_, { seq }) => seen.push(seq) > 0);
    expect(seen).toEqual(Array.from({ length: 298 }, (_, n) => n + 3));
    seen.length = 0;
    await store.scan({ subject: store.subjects.of('s'), from: 1 }, (_, { seq }) => seen.push(seq) < 5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('visits the newest of every stream', async () => {
    const store = await opened();
    for (const name of ['a', 'a/b', 'c']) await filled(store, name, 2);
    const seen: string[] = [];
    await store.scan({ subject: store.subjects.all }, (name, { state }) => seen.push(`${name} ${state.next}`) > 0);
    expect(seen.toSorted()).toEqual(['a 4', 'a/b 4', 'c 4']);
    await store.scan({ subject: store.subjects.of('nothing') }, () => expect.fail('there is nothing'));
  });

  it('removes messages of one stream below a number', async () => {
    const store = await opened();
    await filled(store, 's', 3);
    await filled(store, 't', 1);
    await store.purge('s', 3);
    expect((await store.atOrBehind('s', 1))?.seq).toBe(3);
    await store.purge('s', 4);
    expect(await store.last('s')).toBeUndefined();
    expect((await store.last('t'))?.seq).toBe(4);
  });

  it('reads through the leader where replicas may lag behind', async () => {
    const store = await opened();
    await filled(store, 's', 1);
    const manager = await jetstreamManager(stage.admin());
    await manager.streams.update(stage.prefix(), { allow_direct: false });
    const other = await opened();
    const last = (await other.last('s'))!;
    expect([...chunksOf(last.body)]).toEqual(texts(0, 2));
    expect(await other.last('t')).toBeUndefined();
  });

  it.each<[string, Partial<StreamConfig>]>([
    ['its description is not', { description: 'another' }],
    ['its subjects are not', { subjects: ['other.>'] }],
    ['its limits drop what is kept', { max_msgs: 10 }],
    ['its retention drops what is kept', { retention: 'interest' }],
    ['it does not republish', {}],
  ])('takes no stream of JetStream that is no log: %s', async (problem, config) => {
    const manager = await jetstreamManager(stage.admin());
    const prefix = stage.prefix();
    const ours = { description: 'a log of sluice, version 1', subjects: [`${prefix}.kept.>`] };
    await manager.streams.add({ name: prefix, ...ours, ...config });
    const store = await opened();
    const { message } = await refused('log-incompatible', () => store.last('s'));
    expect(message).toContain(problem);
    await manager.streams.delete(prefix);
  });
});
