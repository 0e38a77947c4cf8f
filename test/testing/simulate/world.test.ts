import { describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/index.js';
import { createGateway } from '../../../src/gateway/index.js';
import { simulate } from '../../../src/testing/simulate.js';
import { drawScenario } from '../../../src/testing/simulate/draw-scenario.js';
import { World } from '../../../src/testing/simulate/world.js';

/** The second half of the 10 000 seeds; the first runs beside them, in ../simulate.test.ts. */
const [first, last] = [5000, 10_000];
const seedsAtOnce = 500;

describe('World', () => {
  for (let from = first; from < last; from += seedsAtOnce) {
    it(`finds nothing wrong with seeds ${from} to ${from + seedsAtOnce - 1}`, async () => {
      for (let seed = from; seed < from + seedsAtOnce; seed++) {
        const run = await simulate(seed);
        if (run.findings.length > 0) throw new Error(run.report());
      }
    });
  }

  it('lets everything happen that a scenario plans', async () => {
    const told = {
      restarts: 0,
      trims: 0,
      refused: 0,
      gaps: 0,
      left: 0,
      failed: 0,
      pulled: 0,
      fates: new Set<string>(),
    };
    for (let seed = 0; seed < 300; seed++) {
      const world = new World(drawScenario(seed), { createClient, createGateway });
      await world.run();
      const { scenario, wire, truth, writers, readers } = world;
      told.restarts += scenario.server.restarts.length;
      told.trims += scenario.streams.flatMap(({ name }) => truth.of(name).trims).length;
      told.refused += writers
        .flatMap(({ calls }) => calls)
        .filter(({ answer }) => answer?.refused !== undefined).length;
      told.gaps += readers.filter(({ ending }) => ending?.how === 'gap').length;
      told.left += readers.filter(({ ending }) => ending?.how === 'left').length;
      told.failed += readers.filter(({ ending }) => ending?.how.startsWith('stream-')).length;
      told.pulled += readers.filter(({ plan, got }) => plan.paceMs !== undefined && got.length > 0).length;
      for (const event of wire.events) if (event.kind === 'sent') told.fates.add(event.fate);
    }
    const { fates, ...counts } = told;
    expect([...fates].sort()).toEqual(['carried', 'cut', 'late', 'lost', 'twice', 'void']);
    for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(10);
  });

  it('gives up when the first findings tell the story', async () => {
    const world = new World(drawScenario(0), { createClient, createGateway });
    for (let i = 0; i < 30; i++) world.tell({ at: 0, what: `${i}` });
    await world.run();
    expect(world.findings).toHaveLength(20);
    expect(world.time.now()).toBe(0);
  });
});
