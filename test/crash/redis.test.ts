import { describe, expect, it } from 'vitest';
import { redisPath } from '../servers/redis.js';
import { crash } from './crash.js';
import { createRedisVictim } from './redis-victim.js';

describe.skipIf(redisPath === undefined)('a log in Redis whose server is killed', () => {
  it('has everything it acknowledged, in order, once', async () => {
    const victim = await createRedisVictim();
    try {
      const { kills, chunks, findings } = await crash(victim, { kills: 8, seed: Date.now() });
      expect(findings).toEqual([]);
      expect(kills).toBe(8);
      expect(chunks, 'else nothing was proven').toBeGreaterThan(100);
    } finally {
      await victim.dispose();
    }
  }, 120_000);
});
