import { describe, expect, it } from 'vitest';
import { redisPath } from '../servers/redis.js';
import { createLmdbVictim } from './lmdb-victim.js';
import { createRedisVictim } from './redis-victim.js';
import { crashRuns } from './run-crash.js';
import type { Victim } from './victim.js';

async function interrupted(victim: Victim, readersBeside: boolean): Promise<void> {
  try {
    const { kills, findings } = await crashRuns({ url: victim.url, readersBeside, kills: 3, seed: Date.now() });
    expect(findings).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(3);
  } finally {
    await victim.dispose();
  }
}

describe('a run whose process is killed', () => {
  it('is taken up by another: it is whole in the end, and nothing is done twice', async () => {
    await interrupted(await createLmdbVictim(), false);
  }, 240_000);

  it.skipIf(redisPath === undefined)(
    'is watched by readers elsewhere, who are told what does not count any more',
    async () => {
      await interrupted(await createRedisVictim(), true);
    },
    240_000,
  );
});
