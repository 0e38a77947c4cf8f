import { Redis } from 'ioredis';
import { rateLimits } from 'sluice/auth/rate-limits';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';
import { as, serveAsking } from './who-stage.js';

describe.skipIf(redisPath === undefined)('guesses at gateways that share a Redis', () => {
  let redis: RedisServer;
  const clients: Redis[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });
  afterAll(async () => await redis.dispose());

  async function gateway() {
    const client = new Redis(redis.url);
    clients.push(client);
    await client.ping();
    const guesses = { amount: 6, perMs: 60_000 };
    const server = await serveAsking({ guesses, quotas: rateLimits({ redis: client, guesses }) });
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${server.url}/streams`, { headers });
      await response.arrayBuffer();
      return response;
    };
    return { server, client, ask, guess: async (n: number) => (await ask({ 'x-api-key': `slk_guess${n}` })).status };
  }

  it('are counted over all of them: who has had enough at one has had enough at the other', async () => {
    const [one, two] = [await gateway(), await gateway()];
    expect((await two.ask(as('bob'))).status).toBe(200);
    for (let n = 0; n < 6; n++) expect(await one.guess(n)).toBe(401);
    expect(await one.guess(6)).toBe(429);
    // The next that is not accepted there is the last that is looked at.
    expect(await two.guess(7)).toBe(401);
    // What Redis says of it comes before what it says to this.
    await two.client.ping();
    expect(await two.guess(8)).toBe(429);
    const refused = await two.ask(as('ann'));
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await two.ask(as('bob'))).status).toBe(200);
    const { unauthenticated, rate } = two.server.refusals.read();
    expect([unauthenticated, rate]).toEqual([1, 2]);
  });
});
