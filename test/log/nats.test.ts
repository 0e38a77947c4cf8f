import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import type { Close, Log } from '../../src/log/log.js';
import { createNatsLog } from '../../src/log/nats.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encoded, Follower, refused, texts } from '../../src/testing/log-stage.js';
import { natsPath } from '../servers/nats.js';
import { natsStage } from '../servers/nats-stage.js';
import { until } from '../servers/until.js';

const wide = { chunks: 10_000, bytes: 1 << 26 };
const completed = { close: { status: 'completed' } } as const;
const by = (id: string, seq = 0) => ({ producer: { id, epoch: 0, seq } });

describe.skipIf(natsPath === undefined)('createNatsLog', () => {
  const stage = natsStage();
  let logs = 0;

  /** What JetStream keeps and does for the log of this test. */
  const kept = async (): Promise<{ messages: number; consumers: number }> => {
    const { state } = await (await jetstreamManager(stage.admin())).streams.info(stage.prefix());
    return { messages: state.messages, consumers: state.consumer_count };
  };

  logLaws('nats', async () => ({
    log: createNatsLog(await stage.connect(), { prefix: `laws-${logs++}` }),
    patienceMs: 30_000,
  }));

  it('shows two processes the same streams', async () => {
    const [one, other] = [await stage.log(), await stage.log()];
    await one.create('s');
    const followers = [new Follower(one, 's'), new Follower(other, 's')];
    const produce = async (log: Log, id: string): Promise<void> => {
      for (let n = 0; n < 30; n++) await log.append('s', [encoded(`${id} ${n}`)], by(id, n));
    };
    await Promise.all([produce(one, 'a'), produce(other, 'b')]);
    await other.append('s', [], completed);
    await until('both have the end', () => followers.every(({ end }) => end !== undefined));
    expect(followers[0]!.chunks).toHaveLength(60);
    expect(followers[1]!.chunks).toEqual(followers[0]!.chunks);
    await refused('stream-closed', () => one.append('s', texts(0, 1)));
    expect(await one.append('s', [encoded('b 0')], by('b', 0))).toMatchObject({ duplicates: 1 });
    await one.delete('s');
    expect(await other.list()).toEqual([]);
    for (const { stop } of followers) stop();
  });

  it('keeps the append of one when two race, and decides anew on the other', async () => {
    const [one, other] = [await stage.log(), await stage.log()];
    for (let n = 0; n < 20; n++) {
      const name = `race/${n}`;
      await one.create(name);
      // Both know the stream as it is now.
      await Promise.all([one.append(name, texts(0, 1)), other.append(name, texts(0, 1))]);
      const same = await Promise.all([one, other].map(async (log) => log.append(name, texts(2, 1), by('p'))));
      expect(same.map(({ duplicates }) => duplicates).toSorted()).toEqual([0, 1]);
      const ends = ['completed', 'failed'] satisfies Close['status'][];
      const closing = await Promise.allSettled(
        [one, other].map(async (log, i) => log.append(name, texts(3 + i, 1), { close: { status: ends[i]! } })),
      );
      expect(closing.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const loser = closing.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(loser.reason).toMatchObject({ code: 'stream-closed' });
      const winner = closing.findIndex(({ status }) => status === 'fulfilled');
      const { chunks, end } = await other.read(name, 0, wide);
      expect(chunks).toEqual([...texts(0, 1), ...texts(0, 1), ...texts(2, 1), ...texts(3 + winner, 1)]);
      expect(end).toEqual({ status: ends[winner] });
    }
  });

  it('creates a stream once when two race, and knows when another has removed it', async () => {
    const [one, other] = [await stage.log(), await stage.log()];
    const configs = ['text/plain', 'text/html'].map((contentType) => ({ contentType }));
    for (let n = 0; n < 10; n++) {
      const creating = await Promise.allSettled([one, other].map(async (log, i) => log.create('s', configs[i])));
      expect(creating.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      await one.append('s', texts(n, 3), { producer: { id: 'p', epoch: n, seq: 0 } });
      await other.delete('s');
      await refused('stream-not-found', () => one.append('s', texts(0, 1)));
      await refused('stream-not-found', () => one.read('s', 3, wide));
    }
    expect((await kept()).messages).toBe(0);
  });

  it('watches a thousand streams without a consumer for any, and leaves none behind', async () => {
    const log = await stage.log();
    const names = Array.from({ length: 1000 }, (_, n) => `many/${n}`);
    await Promise.all(names.map(async (name) => log.create(name)));
    const followers = names.map((name) => new Follower(log, name));
    await Promise.all(names.map(async (name) => log.append(name, [encoded(name)], completed)));
    await until('all have read', () => followers.every(({ end }) => end !== undefined));
    expect(followers.map(({ chunks }) => chunks)).toEqual(names.map((name) => [encoded(name)]));
    expect((await kept()).consumers).toBe(0);
    for (const { stop } of followers) stop();
    expect((await log.list('many')).map(({ streamId }) => streamId)).toEqual(names.toSorted());
    await until('the list leaves nothing', async () => (await kept()).consumers === 0);
  });

  it('reads back what is in a thousand messages, from anywhere', async () => {
    const log = await stage.log();
    await log.create('s');
    await log.create('other');
    let next = 0;
    for (let n = 0; n < 500; n++) {
      await Promise.all([log.append('s', texts(next, 1 + (n % 3))), log.append('other', texts(n, 1))]);
      next += 1 + (n % 3);
    }
    expect((await log.read('s', 0, wide)).chunks).toEqual(texts(0, next));
    for (const from of [1, 2, 77, 500, 998, next - 1]) {
      const { chunks } = await log.read('s', from, { chunks: 20, bytes: 1 << 20 });
      expect(chunks).toEqual(texts(from, Math.min(20, next - from)));
    }
    const fresh = await stage.log();
    expect((await fresh.read('s', 333, { chunks: 1, bytes: 1 })).chunks).toEqual(texts(333, 1));
  });

  it('keeps of a stream what it may', async () => {
    const log = await stage.log({ maxChunks: 8, maxProducers: 2 });
    await log.create('s');
    for (let n = 0; n < 30; n += 3) await log.append('s', texts(n, 3));
    expect(await log.read('s', 0, wide)).toMatchObject({ from: 22, chunks: texts(22, 8), next: 30 });
    await until('the others are removed', async () => (await kept()).messages <= 4);
    await log.append('s', texts(30, 1), by('p'));
    await log.append('s', [], by('q'));
    await refused('limit-reached', () => log.append('s', [], by('r')));
    await log.trim('s', 31);
    expect((await kept()).messages, 'the newest says where the stream stands').toBe(1);
  });

  it('keeps a batch of any size in one step, and refuses a chunk that fits into no message', async () => {
    const [log, other] = [await stage.log(), await stage.log()];
    await log.create('s');
    await log.append('s', texts(0, 1));
    const large = Array.from({ length: 12 }, (_, n) => encoded(String.fromCharCode(97 + n).repeat(400_000)));
    const seen = new Set<number>();
    const look = async (): Promise<unknown> => seen.add((await other.read('s', 0, { chunks: 1, bytes: 1 })).next);
    const stop = other.watch('s', () => void look());
    await log.append('s', large, { ...by('p'), ...completed });
    await until('it is seen', () => seen.has(13));
    expect(
      [...seen].filter((next) => next !== 1 && next !== 13),
      'nobody sees a part',
    ).toEqual([]);
    stop();
    expect((await other.read('s', 0, wide)).chunks).toEqual([...texts(0, 1), ...large]);
    for (let n = 0; n < 12; n++) {
      const { chunks } = await other.read('s', n + 1, { chunks: 2, bytes: 1 << 20 });
      expect(chunks).toEqual(large.slice(n, n + 2));
    }
    expect(await other.append('s', large, by('p'))).toMatchObject({ duplicates: 12, next: 13 });
    await log.trim('s', 7);
    expect((await other.read('s', 0, wide)).chunks).toEqual(large.slice(6));
    await log.create('t');
    await refused('chunk-too-large', () => log.append('t', [encoded('x'.repeat(1_100_000))]));
    await refused('limit-reached', () => log.create('u', { session: 'x'.repeat(60_000) }));
  });

  it('is not confused by parts of an append that was never finished', async () => {
    const [log, other] = [await stage.log(), await stage.log()];
    await log.create('s');
    await log.append('s', texts(0, 1), by('p'));
    const large = Array.from({ length: 6 }, (_, n) => encoded(String.fromCharCode(97 + n).repeat(400_000)));
    // Both begin: who is overtaken leaves parts behind, and begins again.
    const racing = Array.from({ length: 5 }, async (_, n) => other.append('s', texts(n, 1), by('q', n)));
    await Promise.all([log.append('s', large, by('p', 1)), ...racing]);
    const { chunks, next } = await other.read('s', 0, wide);
    expect(next).toBe(12);
    expect(chunks.filter(({ length }) => length > 1000)).toEqual(large);
    expect(chunks.filter(({ length }) => length < 1000)).toEqual([...texts(0, 1), ...texts(0, 5)]);
    for (let seq = 0; seq < 12; seq++) {
      expect((await other.read('s', seq, { chunks: 1, bytes: 1 })).chunks).toEqual([chunks[seq]]);
    }
  });

  it('refuses an append for which there is no room while others wait', async () => {
    const log = await stage.log({ maxPendingBytes: 100 });
    await log.create('s');
    const first = log.append('s', texts(0, 1));
    await refused('overflow', () => log.append('s', texts(1, 1)));
    await first;
    expect(await log.append('s', texts(1, 1))).toMatchObject({ next: 2 });
  });

  it('leaves nothing behind of streams that expire', async () => {
    let now = 1000;
    const log = await stage.log({ ttlMs: 50, now: () => now });
    for (const name of ['a', 'b', 'c']) {
      await log.create(name);
      await log.append(name, texts(0, 2), completed);
    }
    await log.create('d', { ttlMs: Infinity });
    await log.append('d', texts(0, 1), completed);
    let told = 0;
    const stop = log.watch('a', () => told++);
    now += 50;
    const before = told;
    await log.create('e');
    await until('the others are removed', async () => (await kept()).messages === 3);
    await until('who watches is told', () => told > before);
    expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['d', 'e']);
    await log.create('a');
    expect(await log.read('a', 0, wide)).toMatchObject({ from: 0, chunks: [], next: 0 });
    stop();
  });

  it('clears what a removal that broke off has left, and shows none of it', async () => {
    const log = await stage.log();
    for (const name of ['a', 'b']) {
      await log.create(name);
      await log.append(name, texts(0, 3), by('p'));
      const subject = `${stage.prefix()}.kept.${name}`;
      const manager = await jetstreamManager(stage.admin());
      const { header } = (await manager.direct.getMessage(stage.prefix(), { last_by_subj: subject }))!;
      const state = header.get('Sluice-State').replace('"count":3', '"count":0,"removed":true');
      const head = headers();
      head.set('Sluice-State', state);
      await jetstream(stage.admin()).publish(subject, '', { headers: head });
    }
    expect(await log.info('a')).toBeUndefined();
    await refused('stream-not-found', () => log.read('b', 0, wide));
    await refused('stream-not-found', () => log.append('b', texts(3, 1), by('p', 3)));
    expect(await log.list()).toEqual([]);
    await until('nothing is left', async () => (await kept()).messages === 0);
    await log.create('a');
    expect(await log.append('a', texts(0, 1), by('p'))).toMatchObject({ first: 0, duplicates: 0 });
  });

  it('closes the connection only when it is told to', async () => {
    const connection = await stage.connect();
    const log = createNatsLog(connection, { prefix: stage.prefix() });
    await log.create('s');
    await log.dispose();
    await refused('log-unavailable', () => log.read('s', 0, wide));
    expect(connection.isClosed()).toBe(false);
    await createNatsLog(connection, { prefix: stage.prefix(), closeConnection: true }).dispose();
    expect(connection.isClosed()).toBe(true);
  });

  it('refuses options and connections that make no sense', async () => {
    for (const nothing of [undefined, null, {}, 'nats://127.0.0.1']) {
      expect(() => createNatsLog(nothing as never)).toThrow(
        /^connection must be one of "@nats-io\/transport-node", got/,
      );
    }
    const connection = await stage.connect();
    const options = [
      'replicas',
      'maxTotalBytes',
      'maxChunks',
      'maxProducers',
      'maxPendingBytes',
      'ttlMs',
      'patienceMs',
    ];
    for (const option of [...options, 'pulseMs']) {
      expect(() => createNatsLog(connection, { [option]: 0 })).toThrow(new RegExp(`^${option} must be .*got 0$`));
      expect(() => createNatsLog(connection, { [option]: '5' })).toThrow(TypeError);
    }
    expect(() => createNatsLog(connection, { prefix: 'a.b' })).toThrow(RangeError);
  });
});
