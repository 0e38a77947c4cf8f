import { createClient } from 'redis';
import { describe, expect, it } from 'vitest';
import { createRedisLog } from '../../src/log/redis.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encoded, Follower, refused, texts } from '../../src/testing/log-stage.js';
import { redisPath } from '../servers/redis.js';
import { clientNames, clients, redisStage, until } from '../servers/redis-stage.js';

const wide = { chunks: 10_000, bytes: 1 << 26 };
const completed = { close: { status: 'completed' } } as const;
const by = (id: string, seq = 0) => ({ producer: { id, epoch: 0, seq } });

describe.skipIf(redisPath === undefined).each(clientNames)('createRedisLog through %s', (client) => {
  const stage = redisStage();
  let logs = 0;

  logLaws(`redis through ${client}`, () => ({
    log: createRedisLog(clients[client]!(stage.server().url), { prefix: `laws-${logs++}` }),
    patienceMs: 30_000,
  }));

  it('shows two processes the same streams', async () => {
    const [one, other] = [stage.log(client), stage.log(client)];
    await one.create('s');
    const followers = [new Follower(one, 's'), new Follower(other, 's')];
    const produce = async (log: typeof one, id: string): Promise<void> => {
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

  it('watches a thousand streams over one connection, which is there as long as somebody watches', async () => {
    const log = stage.log(client);
    const names = Array.from({ length: 1000 }, (_, n) => `many/${n}`);
    await Promise.all(names.map(async (name) => log.create(name)));
    await until('there is one connection', async () => (await stage.connections()) === 1);
    const followers = names.map((name) => new Follower(log, name));
    await Promise.all(names.map(async (name) => log.append(name, [encoded(name)], completed)));
    await until('all have read', () => followers.every(({ end }) => end !== undefined));
    expect(followers.map(({ chunks }) => chunks)).toEqual(names.map((name) => [encoded(name)]));
    await until('one more is there', async () => (await stage.connections()) === 2);
    for (const { stop } of followers) stop();
    await until('the connection is closed', async () => (await stage.connections()) === 1);
    const late = new Follower(log, 'many/7');
    await until('it is opened anew', () => late.end !== undefined);
    late.stop();
    expect(await log.list('many')).toHaveLength(1000);
  });

  it('closes its own connections when it is disposed of, and no other', async () => {
    const log = stage.log(client);
    await log.create('s');
    const stop = log.watch('s', () => {});
    await until('both are there', async () => (await stage.connections()) === 2);
    await log.dispose();
    await until('both are gone', async () => (await stage.connections()) === 0);
    await refused('log-unavailable', () => log.read('s', 0, wide));
    stop();
  });

  it('keeps of a stream what it may', async () => {
    const log = stage.log(client, { maxChunks: 5, maxChunkBytes: 200, maxProducers: 2 });
    await log.create('s');
    for (let n = 0; n < 12; n += 3) await log.append('s', texts(n, 3));
    expect(await log.read('s', 0, wide)).toMatchObject({ from: 7, chunks: texts(7, 5), next: 12 });
    const tooLarge = [encoded('x'), encoded('x'.repeat(200))];
    const { message } = await refused('chunk-too-large', () => log.append('s', tooLarge, by('p')));
    expect(message).toContain('chunk 1 of the batch');
    await log.append('s', texts(0, 1), by('p'));
    await log.append('s', [], by('q'));
    await refused('limit-reached', () => log.append('s', [], by('r')));
    expect(await log.append('s', [...texts(0, 1), ...texts(1, 1)], by('p'))).toMatchObject({ duplicates: 1 });
  });

  it('refuses an append for which there is no room while others wait', async () => {
    const log = stage.log(client, { maxPendingBytes: 300 });
    await log.create('s');
    const first = log.append('s', texts(0, 1));
    await refused('overflow', () => log.append('s', texts(1, 1)));
    await first;
    expect(await log.append('s', texts(1, 1))).toMatchObject({ next: 2 });
  });

  it('leaves nothing behind of streams that expire or are removed', async () => {
    const log = stage.log(client, { ttlMs: 200 });
    for (const name of ['a', 'b', 'c']) {
      await log.create(name);
      await log.append(name, texts(0, 2), { ...by('p'), ...completed });
    }
    await log.delete('b');
    await log.create('d', { ttlMs: Infinity });
    await log.append('d', texts(0, 1), completed);
    await until(
      'they are gone',
      async () => (await log.info('a')) === undefined && (await log.info('c')) === undefined,
    );
    // Each new stream strikes out some that are over.
    await log.create('e');
    expect(await stage.admin().zcard('sluice:names')).toBe(2);
    expect((await stage.admin().keys('*')).toSorted()).toEqual(
      ['sluice:names', 'sluice:{d}:chunks', 'sluice:{d}:info', 'sluice:{e}:info'].toSorted(),
    );
  });

  it('lists a stream that was removed and made anew once, and strikes out lives that are over', async () => {
    const log = stage.log(client);
    await log.create('s');
    await stage.admin().del('sluice:{s}:info');
    await log.create('s');
    await stage.admin().zadd('sluice:names', 0, 'gone\u0000life');
    expect((await log.list()).map(({ streamId }) => streamId)).toEqual(['s']);
    expect(await stage.admin().zcard('sluice:names')).toBe(1);
  });

  it('lists more streams than one page holds', async () => {
    const log = stage.log(client);
    const entries = Array.from({ length: 2500 }, (_, n) => `n${n}`);
    await Promise.all(entries.map(async (name) => log.create(`x/${name}`)));
    expect((await log.list('x')).map(({ streamId }) => streamId)).toEqual(
      entries.map((name) => `x/${name}`).toSorted(),
    );
  });
});

describe('createRedisLog', () => {
  it.each([undefined, null, {}, 'redis://127.0.0.1', { duplicate: () => ({}) }])('refuses %j as a client', (client) => {
    expect(() => createRedisLog(client as never)).toThrow(/^client must be one of "ioredis" or "redis", got/);
  });

  it.each(['maxChunks', 'maxChunkBytes', 'maxProducers', 'maxPendingBytes', 'ttlMs', 'patienceMs', 'pulseMs'])(
    'refuses %s that is none',
    (option) => {
      const client = createClient();
      expect(() => createRedisLog(client, { [option]: 0 })).toThrow(new RegExp(`^${option} must be .*got 0$`));
      expect(() => createRedisLog(client, { [option]: '5' })).toThrow(TypeError);
    },
  );

  it('refuses a prefix that would part the keys of a stream', () => {
    expect(() => createRedisLog(createClient(), { prefix: 'a{b' })).toThrow(RangeError);
    expect(() => createRedisLog(createClient(), { prefix: 5 as never })).toThrow(TypeError);
  });
});
