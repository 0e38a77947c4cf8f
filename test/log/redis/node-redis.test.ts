import { createClient, createCluster } from 'redis';
import { describe, expect, it } from 'vitest';
import { nodeRedisDoor } from '../../../src/log/redis/node-redis.js';
import { freePort, redisPath, startRedis } from '../../servers/redis.js';
import { until } from '../../servers/redis-stage.js';
import { doorLaws } from './door-laws.js';

doorLaws('nodeRedisDoor', (url) => nodeRedisDoor(createClient({ url, keyPrefix: 'of the user:' })));

describe.skipIf(redisPath === undefined)('nodeRedisDoor to a cluster', () => {
  it('tries until it finds a node', async () => {
    const place = ['--cluster-port', `${await freePort()}`, '--cluster-announce-ip', '127.0.0.1'];
    const server = await startRedis('--cluster-enabled', 'yes', ...place);
    await server.kill();
    const heard = { ready: 0, failed: 0 };
    const connection = nodeRedisDoor(createCluster({ rootNodes: [{ url: server.url }] })).open({
      ready: () => heard.ready++,
      failed: () => heard.failed++,
      lost: () => {},
      message: () => {},
    });
    try {
      await until('it has failed more than once', () => heard.failed > 1);
      expect(heard.ready).toBe(0);
      await server.restart();
      const admin = createClient({ url: server.url });
      await admin.connect();
      await admin.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
      admin.destroy();
      await until('it is ready', () => heard.ready > 0);
    } finally {
      connection.close();
      await server.dispose();
    }
  });
});
