import { describe, expect, it } from 'vitest';
import { natsPath } from '../servers/nats.js';
import { crash } from './crash.js';
import { createNatsVictim } from './nats-victim.js';

describe.skipIf(natsPath === undefined)('a log in NATS whose server is killed', () => {
  it('has everything it acknowledged, in order, once', async () => {
    const victim = await createNatsVictim();
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
