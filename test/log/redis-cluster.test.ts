import { Cluster, Redis } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe } from 'vitest';
import { createRedisLog, type RedisClient } from '../../src/log/redis.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { redisPath, type RedisServer, startRedis } from '../servers/redis.js';
import { until } from '../servers/redis-stage.js';

// One node that has all slots is as strict as many: it refuses whatever touches two of them.
describe.skipIf(redisPath === undefined)('createRedisLog on a Redis Cluster', () => {
  let server: RedisServer;
  let logs = 0;
  beforeAll(async () => {
    server = await startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
    const admin = new Redis(server.url);
    await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
    await until('the cluster is up', async () => (await admin.cluster('INFO')).includes('cluster_state:ok'));
    admin.disconnect();
  });
  afterAll(async () => {
    await server.dispose();
  });

  const kinds: Readonly<Record<string, () => RedisClient>> = {
    ioredis: () => new Cluster([{ host: '127.0.0.1', port: server.port }], { lazyConnect: true }),
    redis: () => createCluster({ rootNodes: [{ url: server.url }] }),
  };
  for (const [name, connect] of Object.entries(kinds)) {
    logLaws(`a cluster through ${name}`, () => ({ log: createRedisLog(connect(), { prefix: `c-${name}-${logs++}` }) }));
  }
});
