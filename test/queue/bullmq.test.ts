import * as bullmq from 'bullmq';
import { afterAll, beforeAll, describe } from 'vitest';
import { type BullmqQueueOptions, createBullmqQueue } from '../../src/queue/bullmq.js';
import type { Queue } from '../../src/queue/queue.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';

describe.skipIf(redisPath === undefined)('createBullmqQueue', () => {
  let server: RedisServer;
  let queues = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => await server.dispose());

  const open = (options: Partial<BullmqQueueOptions>, name = `queue/${queues++}`): Queue =>
    createBullmqQueue(name, { bullmq, connection: { host: '127.0.0.1', port: server.port }, pollMs: 10, ...options });

  queueLaws('a queue through BullMQ', (options) => ({ queue: open(options) }));
});
