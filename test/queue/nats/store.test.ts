import { jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { asyncScheduler } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NatsCaller } from '../../../src/queue/nats/caller.js';
import { QueueStore } from '../../../src/queue/nats/store.js';
import { QueueRules } from '../../../src/queue/rules.js';
import { connectTo } from '../../servers/nats-stage.js';
import { type NatsServer, natsPath, startNats } from '../../servers/nats.js';

describe.skipIf(natsPath === undefined)('QueueStore', () => {
  let server: NatsServer;
  let connection: NatsConnection;
  let stores = 0;
  beforeAll(async () => {
    server = await startNats();
    connection = await connectTo(server.url);
  });
  afterAll(async () => {
    await connection.close();
    await server.dispose();
  });

  const open = (name = `q${stores++}`, options = {}): QueueStore =>
    new QueueStore(
      name,
      connection,
      new NatsCaller(connection, asyncScheduler, 10_000),
      asyncScheduler,
      new QueueRules(options),
      1,
    );

  it('keeps a message on condition that no other came before', async () => {
    const store = open();
    const first = await store.put('claims', '1', { text: 'a' }, 0);
    expect(first).toBe(1);
    expect(await store.put('claims', '1', { text: 'b' }, 0)).toBeUndefined();
    expect(await store.put('claims', '1', { text: 'c' }, first)).toBe(2);
    expect(await store.last('claims', '1')).toMatchObject({ seq: 2, text: 'c', decision: undefined });
    expect(await store.last('claims', '2')).toBeUndefined();
    expect(await store.size('claims')).toBe(1);
  });

  it('reads what was decided from the header', async () => {
    const store = open();
    const decision = { state: 'waiting', attempt: 1, failures: 1, delivered: 1, reason: 'é' } as const;
    await store.put('claims', '1', { decision });
    expect((await store.last('claims', '1'))?.decision).toEqual(decision);
    expect((await store.list('claims', 9, false)).map((stored) => stored.decision)).toEqual([decision]);
  });

  it('lists messages in order, page after page', async () => {
    const store = open();
    for (let n = 0; n < 300; n++) await store.put('dead', `${n}`, { text: `${n}` });
    const texts = Array.from({ length: 300 }, (_, n) => `${n}`);
    expect((await store.list('dead', Infinity, true)).map(({ text }) => text)).toEqual(texts);
    expect((await store.list('dead', 2, true)).map(({ text }) => text)).toEqual(['0', '1']);
    expect(await store.list('claims', 9, true)).toEqual([]);
  });

  it('removes what is there, and does not mind what is not', async () => {
    const store = open();
    const seq = (await store.put('jobs', 'a', { text: 'x' }, 0))!;
    expect(await store.body(seq)).toBe('x');
    await store.remove(seq);
    await store.remove(seq);
    expect(await store.body(seq)).toBeUndefined();
    expect(await store.last('jobs', 'a')).toBeUndefined();
    await store.put('dead', 'a', { text: 'x' });
    expect(await store.purge('dead', 'a')).toBe(true);
    expect(await store.purge('dead', 'a')).toBe(false);
  });

  it('has a job delivered again that is given back, and keeps one that is extended', async () => {
    const store = open('extended', { leaseMs: 60_000 });
    expect(await store.pull(0)).toBeUndefined();
    expect(await store.pull(20)).toBeUndefined();
    const seq = await store.put('jobs', 'a', { text: 'x' }, 0);
    const first = (await store.pull(1000))!;
    expect(first).toMatchObject({ seq, delivered: 1, body: 'x' });
    store.extend(first);
    expect(await store.pull(0)).toBeUndefined();
    await store.settle(first, '-NAK');
    const second = (await store.pull(10_000))!;
    expect(second).toMatchObject({ seq, delivered: 2 });
    await store.settle(second, '+ACK');
    expect(await store.pull(0)).toBeUndefined();
  });

  it('takes over the bounds and the lease it is opened with', async () => {
    await open('changed', { maxJobs: 1, maxDead: 5 }).size('jobs');
    const store = open('changed', { maxJobs: 2, leaseMs: 7000, maxDead: 5 });
    await store.put('jobs', 'a', {}, 0);
    await store.put('jobs', 'b', {}, 0);
    await expect(store.put('jobs', 'c', {}, 0)).rejects.toMatchObject({ code: 'queue-full' });
    const manager = await jetstreamManager(connection);
    const { config } = await manager.consumers.info('sluice-queue-changed-jobs', 'workers');
    expect(config.ack_wait).toBe(7_000_000_000);
  });

  it('makes its streams anew when somebody has removed them', async () => {
    const store = open('removed');
    await store.put('jobs', 'a', {}, 0);
    const manager = await jetstreamManager(connection);
    for (const kind of ['jobs', 'claims', 'dead']) await manager.streams.delete(`sluice-queue-removed-${kind}`);
    expect(await store.pull(0)).toBeUndefined();
    expect(await store.size('jobs')).toBe(0);
  });

  it('refuses a stream that is something else', async () => {
    const manager = await jetstreamManager(connection);
    const subjects = ['sluice.queue.other.jobs.*'];
    await manager.streams.add({ name: 'sluice-queue-other-jobs', subjects, retention: RetentionPolicy.Limits });
    await expect(open('other').size('jobs')).rejects.toMatchObject({ code: 'queue-incompatible' });
  });

  it('hands on what another has put into the stream', async () => {
    const store = open('shared');
    await store.size('jobs');
    await jetstream(connection).publish('sluice.queue.shared.jobs.x', 'no job');
    expect(await store.pull(1000)).toMatchObject({ body: 'no job', delivered: 1 });
  });
});
