import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/testing/simulate/random.js';

const draw = (seed: number, count = 1000): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, random.next);
};

describe('random', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draw(7)).toEqual(draw(7));
    const firsts = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) => draw(seed, 1)[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('spreads evenly between 0 and 1', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const number of draw(1, 100_000)) tenths[Math.floor(number * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('gives whole numbers between bounds, both included', () => {
    const random = new Random(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.int(-1, 3)));
    expect([...seen].sort()).toEqual([-1, 0, 1, 2, 3]);
  });

  it('gives small numbers of a scale more often', () => {
    const random = new Random(3);
    const numbers = Array.from({ length: 10_000 }, () => random.scale(1, 64));
    expect(Math.min(...numbers)).toBe(1);
    expect(Math.max(...numbers)).toBe(64);
    expect(numbers.filter((number) => number < 8).length).toBeGreaterThan(4500);
  });

  it('says yes as often as told', () => {
    const random = new Random(9);
    const times = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(Math.abs(times - 3000)).toBeLessThan(150);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  });

  it('picks every item', () => {
    const random = new Random(5);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c']))).size).toBe(3);
  });

  it('goes on the same, whatever is drawn from its forks', () => {
    const [one, other] = [new Random(4), new Random(4)];
    one.fork().next();
    const fork = other.fork();
    for (let i = 0; i < 10; i++) fork.next();
    expect(one.next()).toBe(other.next());
  });
});
