import { createClient } from 'redis';
import { nodeRedisDoor } from '../../../src/log/redis/node-redis.js';
import { doorLaws } from './door-laws.js';

doorLaws('nodeRedisDoor', (url) => nodeRedisDoor(createClient({ url, keyPrefix: 'of the user:' })));
