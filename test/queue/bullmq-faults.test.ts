import * as bullmq from 'bullmq';
import { describe } from 'vitest';
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
});
