import { Redis } from 'ioredis';
import { ioredisDoor } from '../../../src/log/redis/ioredis.js';
import { doorLaws } from './door-laws.js';

doorLaws('ioredisDoor', (url) => ioredisDoor(new Redis(url, { lazyConnect: true, keyPrefix: 'of the user:' })));
