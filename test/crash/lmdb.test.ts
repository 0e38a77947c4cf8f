import { describe, expect, it } from 'vitest';
import { crash } from './crash.js';
import { createLmdbVictim } from './lmdb-victim.js';

describe('a log in a folder whose process is killed', () => {
  it('has everything it acknowledged, in order, once', async () => {
    const victim = await createLmdbVictim();
    try {
      const { kills, chunks, findings } = await crash(victim, { kills: 10, seed: Date.now() });
      expect(findings).toEqual([]);
      expect(kills).toBe(10);
      expect(chunks, 'else nothing was proven').toBeGreaterThan(100);
    } finally {
      await victim.dispose();
    }
  }, 120_000);
});
