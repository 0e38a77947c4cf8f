import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisBus, type NodeRedisBusClient } from '../../src/bus/redis.js';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';
import { busLaws } from './bus-laws.js';

describe.skipIf(redisPath === undefined)('createRedisBus', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => await server.dispose());

  const patterns = {
    ioredis: () => new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: 1 }),
    redis: () => createClient({ url: server.url }) as unknown as NodeRedisBusClient,
  };
  for (const [name, pattern] of Object.entries(patterns)) {
    busLaws(`a bus over ${name}`, async () => ({ bus: createRedisBus(pattern()), close: async () => {} }));
  }

  it('opens two connections, whatever the number of topics, and closes them', async () => {
    const admin = new Redis(server.url);
    const connections = async () =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length - 1;
    // Those of the laws are gone as soon as Redis has heard of it.
    await expect.poll(connections).toBe(0);
    for (const pattern of Object.values(patterns)) {
      const before = await connections();
      const bus = createRedisBus(pattern());
      for (let n = 0; n < 20; n++) await bus.subscribe(`topic/${n}`, () => {});
      await bus.publish('topic/1', 'x');
      expect(await connections()).toBe(before + 2);
      await bus.dispose();
      await expect.poll(async () => await connections()).toBe(before);
    }
    admin.disconnect();
  });

  it('says that Redis cannot be reached', async () => {
    const bus = createRedisBus(new Redis(1, '127.0.0.1', { lazyConnect: true, maxRetriesPerRequest: 0 }));
    await expect(bus.publish('a', 'x')).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(bus.subscribe('a', () => {})).rejects.toMatchObject({ code: 'connection-lost' });
    await bus.dispose();
  });
});

describe('createRedisBus without a server', () => {
  it('says that Redis cannot be reached, to whoever needs it', async () => {
    const client = createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } });
    const bus = createRedisBus(client as unknown as NodeRedisBusClient);
    await expect(bus.publish('a', 'x')).rejects.toMatchObject({ code: 'connection-lost' });
    // What nobody waits for must not be an unhandled rejection.
    await new Promise((resolve) => setImmediate(resolve));
    await bus.dispose();
  });

  it('closes connections that are still to be made', async () => {
    let destroyed = 0;
    const never = () => new Promise<never>(() => {});
    const client: NodeRedisBusClient = {
      duplicate: () => client,
      connect: never,
      publish: never,
      subscribe: never,
      unsubscribe: never,
      on: () => {},
      destroy: () => destroyed++,
    };
    await createRedisBus(client).dispose();
    expect(destroyed).toBe(2);
  });
});
