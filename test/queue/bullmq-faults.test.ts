import * as bullmq from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { createBullmqQueue } from '../../src/queue/bullmq.js';
import { redisPath, startRedis } from '../servers/redis.js';
import { faultLaws } from './fault-laws.js';

describe.skipIf(redisPath === undefined)('createBullmqQueue through faults', () => {
  faultLaws({
    kind: 'bullmq',
    start: startRedis,
    open: async (port, name, options) => ({
      queue: createBullmqQueue(name, { bullmq, connection: { host: '127.0.0.1', port }, ...options }),
      close: async () => {},
    }),
    spoil: async (port, name) => {
      const queue = new bullmq.Queue(name, { connection: { host: '127.0.0.1', port } });
      await queue.add('x', { no: 'job' }, { jobId: 'j-%' });
      await queue.close();
    },
  });

  it('says that Redis has no memory left, and goes on when it has', async () => {
    const server = await startRedis('--maxmemory-policy', 'noeviction');
    const queue = createBullmqQueue('full', { bullmq, connection: { host: '127.0.0.1', port: server.port } });
    const admin = new Redis(server.url);
    try {
      await queue.enqueue('x', { id: 'a' });
      await admin.config('SET', 'maxmemory', '1');
      await expect(queue.enqueue('y', { id: 'b' })).rejects.toMatchObject({ code: 'queue-full' });
      await expect(queue.claim()).rejects.toMatchObject({ code: 'queue-full' });
      await admin.config('SET', 'maxmemory', '0');
      expect(await queue.claim({ waitMs: 30_000 })).toMatchObject({ id: 'a', payload: 'x' });
      expect(await queue.counts()).toEqual({ waiting: 0, claimed: 1, dead: 0 });
    } finally {
      await queue.dispose();
      admin.disconnect();
      await server.dispose();
    }
  });
});
