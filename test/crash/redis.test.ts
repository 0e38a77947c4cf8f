import { describe } from 'vitest';
import { redisPath } from '../servers/redis.js';
import { keepsAll } from './keeps-all.js';
import { createRedisVictim } from './redis-victim.js';

describe.skipIf(redisPath === undefined)('a log in Redis whose server is killed', () => {
  keepsAll(createRedisVictim, 8);
});
