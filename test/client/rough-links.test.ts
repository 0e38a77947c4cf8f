import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Faults } from '../../src/transport/faults.js';
import { textBodies } from '../bodies.js';
import { createReadClient } from '../../src/client/index.js';
import { ClientStage } from './stage.js';

const probability = (max: number) => fc.double({ min: 0, max, noNaN: true });
const faults: fc.Arbitrary<Faults> = fc.record({
  loss: probability(0.3),
  duplication: probability(0.3),
  reordering: probability(0.3),
  reorderMs: fc.constantFrom([1, 5] as const, [1, 50] as const),
  delayMs: fc.constantFrom([0, 0] as const, [1, 10] as const),
  cut: probability(0.02),
});
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

describe('a client over rough links', () => {
  it('has everything kept once and read once, in order, to the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ toServer: faults, toClient: faults }),
        fc.infiniteStream(fc.nat(999)),
        fc.array(fc.record({ count: fc.nat(6), ms: fc.nat(30), leave: fc.boolean() }), { minLength: 1, maxLength: 15 }),
        async (rough, chance, steps) => {
          const random = () => chance.next().value / 1000;
          const stage = new ClientStage({
            transport: { faults: rough, random },
            client: { window: { chunks: 8, bytes: 40 }, connectMs: 300 },
          });
          stage.log.create('s');
          const published: Promise<unknown>[] = [];
          const all = stage.collect('s');
          // Leaves and comes back where it was, as often as the steps say.
          const parts: string[][] = [];
          let part = stage.collect('s', { from: 0 });
          let sent = 0;
          for (const { count, ms, leave } of steps) {
            published.push(stage.client.publish('s', textBodies(...numbers(sent, sent + count))));
            sent += count;
            await stage.time.pass(ms);
            if (!leave) continue;
            part.subscription.unsubscribe();
            parts.push(part.got);
            part = stage.collect('s', { from: parts.flat().length });
          }
          published.push(stage.client.publish('s', [], { close: { status: 'completed' } }));
          for (const one of published) await stage.time.until(one, 600_000);
          expect(stage.log.info('s')).toMatchObject({ next: sent, status: 'completed' });
          await stage.time.until(
            (async () => {
              while (all.got.at(-1) !== 'completed' || part.got.at(-1) !== 'completed') await stage.time.wait(10);
            })(),
            600_000,
          );
          expect(all.got).toEqual([...numbers(0, sent), 'completed']);
          expect([...parts.flat(), ...part.got]).toEqual([...numbers(0, sent), 'completed']);
          stage.client.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('lets one who only reads have everything once and in order, too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ toServer: faults, toClient: faults }),
        fc.infiniteStream(fc.nat(999)),
        async (rough, chance) => {
          const random = () => chance.next().value / 1000;
          const stage = new ClientStage({ transport: { faults: rough, random } });
          const { time, transport } = stage;
          const client = createReadClient({
            transport,
            scheduler: time,
            defer: time.defer,
            window: { chunks: 8, bytes: 40 },
            backoff: { minMs: 10, maxMs: 1000, random: () => 0.5 },
            connectMs: 300,
            retryMs: 100,
            pingMs: 200,
          });
          stage.keep('s', ...numbers(0, 20));
          const { got } = stage.collect('s', {}, client);
          await time.pass(50);
          stage.keep('s', ...numbers(20, 40));
          stage.end('s');
          await time.until(
            (async () => {
              while (got.at(-1) !== 'completed') await time.wait(10);
            })(),
            600_000,
          );
          expect(got).toEqual([...numbers(0, 40), 'completed']);
          client.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});
