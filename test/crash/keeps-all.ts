import { expect, it } from 'vitest';
import { crash } from './crash.js';
import type { Victim } from './victim.js';

/** What every log that outlives its process keeps, however often it is killed. */
export function keepsAll(createVictim: () => Promise<Victim>, kills: number): void {
  it('has everything it acknowledged, in order, once', async () => {
    const victim = await createVictim();
    try {
      const report = await crash(victim, { kills, seed: Date.now() });
      expect(report.findings).toEqual([]);
      expect(report.kills).toBe(kills);
      expect(report.chunks, 'else nothing was proven').toBeGreaterThan(100);
    } finally {
      await victim.dispose();
    }
  }, 300_000);
}
