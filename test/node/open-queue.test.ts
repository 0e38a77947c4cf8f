import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openQueue } from 'sluice/node';
import { natsPath, startNats } from '../servers/nats.js';
import { redisPath, startRedis } from '../servers/redis.js';
import { freePort, type TestServer } from '../servers/server.js';

describe('openQueue', () => {
  it.each([
    ['', 'got ""'],
    ['memory', 'got "memory"'],
    ['redis:', 'got "redis"'],
    ['paper://secret', 'got "paper"'],
  ])('refuses %j without repeating what may be secret', async (url, message) => {
    const opening = openQueue(url, 'jobs');
    await expect(opening).rejects.toBeInstanceOf(RangeError);
    await expect(opening).rejects.toThrow(message);
  });

  it('refuses what is no text', async () => {
    await expect(openQueue(7 as never, 'jobs')).rejects.toThrow('queue must be a string, got a number');
  });

  it('says that nobody is there', { timeout: 60_000 }, async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    await expect(openQueue(url, 'jobs')).rejects.toMatchObject({ code: 'queue-unavailable' });
  });

  describe.skipIf(redisPath === undefined || natsPath === undefined)('with its servers', () => {
    const servers: Record<string, TestServer> = {};
    beforeAll(async () => {
      servers['redis'] = await startRedis();
      servers['nats'] = await startNats();
    });
    afterAll(async () => {
      for (const server of Object.values(servers)) await server.dispose();
    });

    it.each(['redis', 'nats'])('opens a queue of %s that others open as well', { timeout: 60_000 }, async (kind) => {
      const { url } = servers[kind]!;
      const [mine, yours] = [
        await openQueue(url, 'jobs', { leaseMs: 2000 }),
        await openQueue(url, 'jobs', { leaseMs: 2000 }),
      ];
      expect(mine.leaseMs).toBe(2000);
      await mine.enqueue({ n: 1 });
      const job = await yours.claim({ waitMs: 10_000 });
      expect(job?.payload).toEqual({ n: 1 });
      await job!.ack();
      await mine.dispose();
      await yours.dispose();
      await expect(mine.counts()).rejects.toMatchObject({ code: 'queue-closed' });
    });

    it('asks for an account where the URL names one', { timeout: 60_000 }, async () => {
      const url = servers['redis']!.url.replace('//', '//nobody:wrong@');
      await expect(openQueue(url, 'jobs', { patienceMs: 300 })).rejects.toMatchObject({ code: 'queue-unavailable' });
    });
  });
});
