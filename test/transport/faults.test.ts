import { describe, expect, it } from 'vitest';
import { FaultPlan, type Faults } from '../../src/transport/faults.js';

/** Numbers from 0 to 1 that a seed determines. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

function fates(faults: Faults, random: () => number, count: number) {
  const plan = new FaultPlan(faults, random, 'toServer');
  return Array.from({ length: count }, () => plan.next());
}

const all: Faults = {
  loss: 0.3,
  duplication: 0.3,
  reordering: 0.3,
  cut: 0.3,
  halfOpen: 0.3,
  delayMs: [5, 9],
  reorderMs: [20, 30],
};

describe('FaultPlan', () => {
  it('lets everything pass when nothing is asked for, without drawing a number', () => {
    const random = () => {
      throw new Error('drawn');
    };
    const calm = { cut: false, halfOpen: false, lost: false, delayMs: 0, lateMs: undefined, copyMs: undefined };
    expect(fates({}, random, 2)).toEqual([calm, calm]);
  });

  it('gives the same fates for the same seed, and others for another', () => {
    expect(fates(all, seeded(7), 50)).toEqual(fates(all, seeded(7), 50));
    expect(fates(all, seeded(7), 50)).not.toEqual(fates(all, seeded(8), 50));
  });

  it('keeps every delay within its span, and reaches both ends', () => {
    const drawn = fates(all, seeded(1), 500);
    const delays = drawn.map(({ delayMs }) => delayMs);
    const late = drawn.flatMap(({ lateMs }) => lateMs ?? []);
    const copies = drawn.flatMap(({ copyMs }) => copyMs ?? []);
    expect([Math.min(...delays), Math.max(...delays)]).toEqual([5, 9]);
    expect([Math.min(...late), Math.max(...late)]).toEqual([20, 30]);
    expect([Math.min(...copies), Math.max(...copies)]).toEqual([5, 9]);
  });

  it('strikes always at 1 and never at 0', () => {
    expect(fates({ loss: 1, cut: 0 }, () => 0.999_999, 1)[0]).toMatchObject({ lost: true, cut: false });
    expect(fates({ loss: 1, cut: 0 }, () => 0, 1)[0]).toMatchObject({ lost: true, cut: false });
  });

  it('asks a script with the number of the message', () => {
    const asked: number[] = [];
    const loss = (message: number) => asked.push(message) === 2;
    expect(fates({ loss }, Math.random, 3).map(({ lost }) => lost)).toEqual([false, true, false]);
    expect(asked).toEqual([0, 1, 2]);
  });

  it.each([
    [{ loss: -0.1 }, RangeError, 'faults.toServer.loss must be a number of at least 0 and at most 1, got -0.1'],
    [{ cut: 'often' }, TypeError, 'faults.toServer.cut must be a number, got a string'],
    [{ delayMs: [5] }, TypeError, 'faults.toServer.delayMs must be [min, max], got an array'],
    [{ delayMs: [-1, 5] }, RangeError, 'faults.toServer.delayMs[0] must be'],
    [{ reorderMs: [5, 4] }, RangeError, 'faults.toServer.reorderMs[1] must be a whole number of at least 5, got 4'],
  ])('refuses %j', (faults, kind, message) => {
    const make = () => new FaultPlan(faults as Faults, Math.random, 'toServer');
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
