import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/transport/faults.js';
import { textBodies } from '../bodies.js';
import { ClientStage } from './stage.js';

const probability = (max: number) => fc.double({ min: 0, max, noNaN: true });
const faults: fc.Arbitrary<Faults> = fc.record({
  loss: probability(0.3),
  duplication: probability(0.3),
  reordering: probability(0.3),
  reorderMs: fc.constant([1, 20] as const),
  delayMs: fc.constantFrom([0, 0] as const, [1, 10] as const),
  cut: probability(0.02),
});

describe('readers that join with a snapshot over rough links', () => {
  it('have the whole text in the end, whenever they come, and whenever the server is away', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ toServer: faults, toClient: faults }),
        fc.infiniteStream(fc.nat(999)),
        fc.array(fc.record({ count: fc.nat(6), ms: fc.nat(30), restart: fc.boolean() }), {
          minLength: 1,
          maxLength: 10,
        }),
        async (rough, chance, steps) => {
          const random = () => chance.next().value / 1000;
          const stage = new ClientStage({
            transport: { faults: rough, random },
            client: { window: { chunks: 8, bytes: 40 }, connectMs: 300 },
          });
          let sent = 0;
          let whole = '';
          const readers: { readonly got: string[] }[] = [];
          stage.log.create('s');
          for (const { count, ms, restart } of steps) {
            const texts = Array.from({ length: count }, () => `${sent++} `);
            whole += texts.join('');
            await stage.streams.publish('s', textBodies(...texts));
            readers.push(stage.collect('s', { from: 'snapshot' }));
            await stage.time.pass(ms);
            if (!restart) continue;
            stage.stop();
            await stage.time.pass(ms);
            stage.serve();
          }
          await stage.streams.close('s');
          readers.push(stage.collect('s', { from: 'snapshot' }));
          await stage.time.until(
            (async () => {
              while (readers.some(({ got }) => got.at(-1) !== 'completed')) await stage.time.wait(10);
            })(),
            600_000,
          );
          for (const { got } of readers) expect(got.slice(0, -1).join('')).toBe(whole);
          expect(readers.at(-1)!.got.length).toBeLessThanOrEqual(2);
          stage.client.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});
