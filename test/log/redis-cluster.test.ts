import { Cluster, Redis } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe } from 'vitest';
import { createRedisLog, type RedisClient } from '../../src/log/redis.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { freePort, redisPath, type RedisServer, startRedis } from '../servers/redis.js';
import { until } from '../servers/redis-stage.js';

const slots = 16_384;

/** Starts nodes, each with its part of the slots, and lets them find each other. */
async function startCluster(count: number): Promise<readonly RedisServer[]> {
  const nodes: { server: RedisServer; admin: Redis; busPort: number }[] = [];
  for (let n = 0; n < count; n++) {
    const busPort = await freePort();
    const place = ['--cluster-port', `${busPort}`, '--cluster-announce-ip', '127.0.0.1'];
    const server = await startRedis('--cluster-enabled', 'yes', ...place, '--appendonly', 'no');
    nodes.push({ server, busPort, admin: new Redis(server.url) });
  }
  const share = Math.ceil(slots / count);
  for (const [n, { admin }] of nodes.entries()) {
    await admin.cluster('ADDSLOTSRANGE', n * share, Math.min(slots, (n + 1) * share) - 1);
    const first = nodes[0]!;
    if (n > 0) await admin.call('CLUSTER', 'MEET', '127.0.0.1', first.server.port, first.busPort);
  }
  for (const { admin } of nodes) {
    await until('it knows all slots', async () => (await admin.cluster('INFO')).includes('cluster_state:ok'), 30_000);
    await until('it knows all nodes', async () => {
      const info = await admin.cluster('INFO');
      return info.includes(`cluster_size:${count}`) && info.includes(`cluster_slots_ok:${slots}`);
    });
    admin.disconnect();
  }
  return nodes.map(({ server }) => server);
}

describe.skipIf(redisPath === undefined)('createRedisLog on a Redis Cluster', () => {
  let servers: readonly RedisServer[];
  let logs = 0;
  beforeAll(async () => {
    servers = await startCluster(3);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(servers.map(async (server) => server.dispose()));
  });

  const kinds: Readonly<Record<string, () => RedisClient>> = {
    ioredis: () => new Cluster([{ host: '127.0.0.1', port: servers[0]!.port }], { lazyConnect: true }),
    redis: () => createCluster({ rootNodes: [{ url: servers[0]!.url }] }),
  };
  for (const [name, connect] of Object.entries(kinds)) {
    logLaws(`a cluster through ${name}`, () => ({
      log: createRedisLog(connect(), { prefix: `c-${name}-${logs++}` }),
      patienceMs: 30_000,
    }));
  }
});
