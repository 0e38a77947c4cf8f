import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createRedisLog, type RedisClient, type RedisLogOptions } from '../../src/log/redis.js';
import type { Log } from '../../src/log/log.js';
import { type RedisServer, startRedis } from './redis.js';

export { pause, until } from './until.js';

/** A client of each package, not connected: only a pattern. */
export const clients: Readonly<Record<string, (url: string) => RedisClient>> = {
  ioredis: (url) => new Redis(url, { lazyConnect: true }),
  redis: (url) => createClient({ url }),
};
export const clientNames = Object.keys(clients);

/** A Redis for the length of a test file, and logs on it. */
export interface RedisStage {
  readonly server: () => RedisServer;
  /** A client beside the logs, to look at what they keep and to do them harm. */
  readonly admin: () => Redis;
  /** Makes a log through a client of the package named; it is disposed of after the test. */
  log(client: string, options?: RedisLogOptions): Log;
  /** Connections that the server has now, but for that of `admin`. */
  connections(): Promise<number>;
}

/** Starts a Redis before the tests of a file and ends it after them. Between tests it is emptied. */
export function redisStage(...config: string[]): RedisStage {
  let server: RedisServer;
  let admin: Redis;
  const logs: Log[] = [];
  beforeAll(async () => {
    server = await startRedis(...config);
    admin = new Redis(server.url);
    // It is reconnected when a test ends the server.
    admin.on('error', () => {});
  });
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.dispose();
    await admin.flushall();
  });
  afterAll(async () => {
    admin.disconnect();
    await server.dispose();
  });
  return {
    server: () => server,
    admin: () => admin,
    log: (client, options) => {
      const log = createRedisLog(clients[client]!(server.url), options);
      logs.push(log);
      return log;
    },
    connections: async () =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length - 1,
  };
}
