import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { asyncScheduler } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HoldsInRedis } from '../../src/auth/holds-in-redis.js';
import { rateLimits } from 'sluice/auth/rate-limits';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';

describe.skipIf(redisPath === undefined)('HoldsInRedis', () => {
  let server: RedisServer;
  const clients: { disconnect(): void }[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  afterAll(async () => await server.dispose());

  async function ioredis(options: object = {}): Promise<Redis> {
    const redis = new Redis(server.url, options);
    clients.push(redis);
    redis.on('error', () => {});
    await redis.ping();
    return redis;
  }

  let prefixes = 0;
  const place = () => ({ prefix: `{test ${prefixes++}}`, leaseMs: 3000, scheduler: asyncScheduler });

  it('counts over all servers, whatever client they have', async () => {
    const at = { ...place(), leaseMs: 60_000 };
    const nodeRedis = createClient({ url: server.url });
    await nodeRedis.connect();
    const [here, there] = [
      new HoldsInRedis({ ...at, redis: await ioredis() }),
      new HoldsInRedis({ ...at, redis: nodeRedis }),
    ];
    expect([await here.renew(), await there.renew(), await here.renew()]).toEqual([true, true, false]);
    expect(await here.say('ann', 2, 3)).toBe(true);
    expect([await there.say('ann', 2, 3), await there.say('ann', 1, 3)]).toEqual([false, true]);
    expect([await here.say('ann', 3, 3), await there.say('bob', 3, 3)]).toEqual([false, true]);
    await there.say('ann', 0, Infinity);
    expect(await here.say('ann', 3, 3)).toBe(true);
    nodeRedis.destroy();
    expect(await there.say('ann', 0, Infinity)).toBeUndefined();
  });

  it('keeps nothing of what is not held any more', async () => {
    const redis = await ioredis();
    const at = place();
    const holds = new HoldsInRedis({ ...at, redis });
    await holds.renew();
    await holds.say('ann', 1, 3);
    await holds.say('ann', 0, 3);
    expect(await redis.keys(`${at.prefix}:ann`)).toEqual([]);
    await holds.say('ann', 1, 3);
    const [server] = await redis.keys(`${at.prefix}servers:*`);
    expect(await redis.pttl(server!)).toBeLessThanOrEqual(at.leaseMs);
    expect(await redis.pttl(`${at.prefix}:ann`)).toBeGreaterThan(0);
  });

  it('forgets a server that says nothing more, and hears of it when it comes back', async () => {
    const at = place();
    const [killed, other] = [
      new HoldsInRedis({ ...at, redis: await ioredis() }),
      new HoldsInRedis({ ...at, leaseMs: 60_000, redis: await ioredis() }),
    ];
    await killed.renew();
    await killed.say('ann', 3, 3);
    await other.renew();
    expect(await other.say('ann', 1, 3)).toBe(false);
    await expect.poll(async () => await other.say('ann', 1, 3)).toBe(true);
    expect(await killed.renew()).toBe(true);
    expect(await killed.say('ann', 3, 3)).toBe(false);
  });

  it('has all said again now and then, should Redis have lost some of it', async () => {
    const holds = new HoldsInRedis({ ...place(), leaseMs: 60_000, redis: await ioredis() });
    const answers: boolean[] = [];
    for (let round = 1; round <= 200; round++) answers.push(await holds.renew());
    expect(answers.flatMap((all, at) => (all ? [at + 1] : []))).toEqual([1, 100, 200]);
  });

  it('begins each key as its connection does', async () => {
    const at = { ...place(), leaseMs: 60_000 };
    const both = await Promise.all(
      [1, 2].map(async () => new HoldsInRedis({ ...at, redis: await ioredis({ keyPrefix: 'app:' }) })),
    );
    for (const holds of both) await holds.renew();
    expect([await both[0]!.say('ann', 1, 1), await both[1]!.say('ann', 1, 1)]).toEqual([true, false]);
    expect(await (await ioredis()).keys(`app:${at.prefix}*`)).toHaveLength(3);
  });

  it('answers nothing where Redis cannot be reached, and is nobody it was when it can', async () => {
    const at = { ...place(), leaseMs: 60_000 };
    const redis = await ioredis();
    const [lost, other] = [new HoldsInRedis({ ...at, redis }), new HoldsInRedis({ ...at, redis: await ioredis() })];
    await lost.renew();
    await lost.say('ann', 3, 3);
    redis.disconnect();
    expect([await lost.say('ann', 2, 3), await lost.say('ann', 1, 3), await lost.renew()]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    await redis.connect();
    await other.renew();
    expect(await other.say('ann', 1, 3)).toBe(false);
    // Whatever it could not say is true no more.
    expect(await lost.renew()).toBe(true);
    expect(await other.say('ann', 3, 3)).toBe(true);
    expect(await lost.renew()).toBe(false);
  });

  it('does not wait for a Redis that does not answer', async () => {
    const redis = { status: 'ready', call: async () => await new Promise<never>(() => {}) };
    const holds = new HoldsInRedis({ ...place(), redis });
    expect(await holds.say('ann', 1, 1)).toBeUndefined();
  });

  it('holds for rateLimits over all servers', async () => {
    const limits = { connections: 3, subscriptions: 1, prefix: 'three', leaseMs: 3000 };
    const killed = await ioredis();
    const [one, two] = [rateLimits({ ...limits, redis: killed }), rateLimits({ ...limits, redis: await ioredis() })];
    const taken = [];
    for (const quotas of [one, two, one, two, one]) taken.push(await quotas.hold('ann', 'connections'));
    expect(taken).toEqual([true, true, true, false, false]);
    expect([await one.hold('ann', 'subscriptions'), await two.hold('ann', 'subscriptions')]).toEqual([true, false]);
    one.release('ann', 'connections');
    await expect.poll(async () => await two.hold('ann', 'connections')).toBe(true);
    // As when its process is killed: it is not counted for longer than its lease.
    killed.disconnect();
    await expect.poll(async () => await two.hold('ann', 'subscriptions')).toBe(true);
    // And goes on for itself.
    expect(await one.hold('ann', 'connections')).toBe(true);
    for (let times = 0; times < 3; times++) one.release('ann', 'connections');
    one.release('ann', 'subscriptions');
  });

  it('takes nothing for a connection that is none', () => {
    expect(() => new HoldsInRedis({ ...place(), redis: {} })).toThrow(
      'redis must be a connection to Redis, got an object',
    );
  });
});
