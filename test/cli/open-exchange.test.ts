import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExchange } from '../../src/cli/open-exchange.js';
import { redisPath, type RedisServer, startRedis } from '../servers/redis.js';

describe.skipIf(redisPath === undefined)('openExchange', { timeout: 120_000 }, () => {
  let server: RedisServer;
  let watching: Redis;
  beforeAll(async () => {
    server = await startRedis();
    watching = new Redis(server.url);
  });
  afterAll(async () => {
    watching?.disconnect();
    await server?.dispose();
  });

  const flags = (more: object) => ({ queue: server.url, queueName: 'actors', leaseMs: 30_000, log: 'memory', ...more });
  /** Connections but for the one that asks. */
  const connections = async (): Promise<number> =>
    ((await watching.client('LIST')) as string).trim().split('\n').length - 1;

  it('opens the queue and the streams, and lets go of both', async () => {
    const { queue, streams, dispose } = await openExchange(flags({ log: server.url }));
    await queue.enqueue('work', { id: 'one' });
    await streams.create('s');
    expect(await connections()).toBeGreaterThan(0);
    await dispose();
    await expect.poll(connections).toBe(0);
  });

  it.each([
    ['lmdb:package.json', /^--log: the folder "package.json" cannot be made: EEXIST/],
    ['floppy', /^log must be one of memory/],
  ])('opens neither where there is no log at %s', async (log, why) => {
    await expect(openExchange(flags({ log }))).rejects.toThrow(why);
    await expect.poll(connections).toBe(0);
  });

  it('says that there is no queue', async () => {
    const queue = 'nats://127.0.0.1:1';
    await expect(openExchange(flags({ queue }))).rejects.toMatchObject({
      code: 'queue-unavailable',
      message: expect.stringMatching(/^--queue: /) as string,
    });
  });
});
