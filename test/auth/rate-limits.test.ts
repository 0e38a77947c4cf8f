import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rateLimits } from 'sluice/auth/rate-limits';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';

/** Long enough for a minute more or less to make no difference. */
const rate = { amount: 10, perMs: 3_600_000 };

describe('rateLimits', () => {
  it('gives each principal so much in a while, and says when there is more', async () => {
    const quotas = rateLimits({ bytes: rate });
    expect(await quotas.spend('ann', 'bytes', 8)).toBeUndefined();
    const wait = await quotas.spend('ann', 'bytes', 8);
    expect(wait).toBeGreaterThan(3_540_000);
    expect(wait).toBeLessThanOrEqual(3_600_000);
    expect(await quotas.spend('bob', 'bytes', 10)).toBeUndefined();
    expect(await quotas.spend('ann', 'bytes', 0)).toBeUndefined();
  });

  it('lets through once what is more than there ever is', async () => {
    const quotas = rateLimits({ chunks: rate });
    expect(await quotas.spend('ann', 'chunks', 1000)).toBeUndefined();
    expect(await quotas.spend('ann', 'chunks', 1)).toBeGreaterThan(0);
  });

  it('counts nothing that has no end', async () => {
    expect(await rateLimits().spend('ann', 'readBytes', 2 ** 52)).toBeUndefined();
  });

  it('keeps different things apart', async () => {
    const quotas = rateLimits({ frames: rate, requests: rate });
    await quotas.spend('ann', 'frames', 10);
    expect(await quotas.spend('ann', 'requests', 1)).toBeUndefined();
    expect(await quotas.spend('ann', 'frames', 1)).toBeGreaterThan(0);
  });

  it('gives out so many at the same time, and those again that come back', () => {
    const quotas = rateLimits({ connections: 2 });
    expect([1, 2, 3].map(() => quotas.hold('ann', 'connections'))).toEqual([true, true, false]);
    expect([quotas.hold('bob', 'connections'), quotas.hold('ann', 'subscriptions')]).toEqual([true, true]);
    quotas.release('ann', 'connections');
    quotas.release('ann', 'connections');
    quotas.release('ann', 'connections');
    expect([1, 2, 3].map(() => quotas.hold('ann', 'connections'))).toEqual([true, true, false]);
  });

  it.each([
    [{ connections: 0 }, 'connections must be'],
    [{ bytes: { amount: 0, perMs: 1000 } }, 'bytes.amount must be'],
    [{ bytes: { amount: 1, perMs: 10 } }, 'bytes.perMs must be'],
    [{ bytes: { amount: 1, perMs: 2 ** 31 } }, 'bytes.perMs must be'],
    [{ redis: 'redis://x' as never }, 'redis must be a connection to Redis, got a string'],
  ])('refuses %j', (options, message) => {
    expect(() => rateLimits(options)).toThrow(message);
  });
});

describe.skipIf(redisPath === undefined)('rateLimits in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => await server.dispose());

  it('holds over all servers, whatever client they have', async () => {
    const one = new Redis(server.url);
    await one.ping();
    const two = createClient({ url: server.url });
    await two.connect();
    const [here, there] = [rateLimits({ bytes: rate, redis: one }), rateLimits({ bytes: rate, redis: two })];
    expect(await here.spend('ann', 'bytes', 6)).toBeUndefined();
    expect(await there.spend('ann', 'bytes', 6)).toBeGreaterThan(0);
    expect(await there.spend('bob', 'bytes', 6)).toBeUndefined();
    one.disconnect();
    two.destroy();
  });

  it('goes on alone where Redis is out of reach', async () => {
    const gone = new Redis(1, '127.0.0.1', { lazyConnect: true, retryStrategy: null as never });
    gone.on('error', () => {});
    const quotas = rateLimits({ bytes: rate, redis: gone });
    expect(await quotas.spend('ann', 'bytes', 10)).toBeUndefined();
    expect(await quotas.spend('ann', 'bytes', 1)).toBeGreaterThan(0);
    gone.disconnect();
  });
});
