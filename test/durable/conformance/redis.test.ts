import { describe } from 'vitest';
import { redisPath, startRedis } from '../../servers/redis.js';
import { conforms } from './suite.js';

describe.skipIf(redisPath === undefined)('with a redis-server', () => {
  conforms('a log in Redis', async () => {
    const server = await startRedis();
    return { url: server.url, close: () => server.dispose() };
  });
});
