import { describe, expect, it } from 'vitest';
import { natsPath, startNats } from '../servers/nats.js';
import { redisPath, startRedis } from '../servers/redis.js';
import type { TestServer } from '../servers/server.js';
import { harmGateways, type Mishap } from './gateways.js';

async function expectNothingLost(start: () => Promise<TestServer>, mishaps: readonly Mishap[]): Promise<void> {
  const store = await start();
  const seed = Date.now();
  try {
    const { chunks, findings, mishaps: happened } = await harmGateways(store, { mishaps, seed });
    expect(findings, `seed ${seed}`).toEqual([]);
    expect(happened).toBe(mishaps.length);
    expect(chunks, 'else nothing was proven').toBeGreaterThan(100);
  } finally {
    await store.dispose();
  }
}

describe.skipIf(redisPath === undefined)('gateways over one Redis', () => {
  it('lose nothing for readers and writers when one is killed, another drained and another parted from it', async () => {
    await expectNothingLost(() => startRedis(), ['kill', 'drain', 'part', 'drain']);
  }, 180_000);
});

describe.skipIf(natsPath === undefined)('gateways over one NATS', () => {
  it('lose nothing for readers and writers when one is killed and another drained', async () => {
    await expectNothingLost(startNats, ['kill', 'drain']);
  }, 180_000);
});
