import { describe, expect, it } from 'vitest';
import { createBackoff, createSpread } from '../../src/client/backoff.js';

describe('createBackoff', () => {
  it('waits at random up to a bound that doubles, up to the longest', () => {
    const longest = createBackoff({ minMs: 100, maxMs: 1000, random: () => 1 });
    expect([0, 1, 2, 3, 4, 5, 2000].map(longest)).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
    const half = createBackoff({ minMs: 100, maxMs: 1000, random: () => 0.5 });
    expect([0, 1, 5].map(half)).toEqual([50, 100, 500]);
    expect(createBackoff({ random: () => 0 })(9)).toBe(0);
  });

  it('has half a second and half a minute as its bounds', () => {
    const longest = createBackoff({ random: () => 1 });
    expect([longest(0), longest(1), longest(100)]).toEqual([500, 1000, 30_000]);
  });

  it('draws from the platform when nothing else is given', () => {
    const waits = Array.from({ length: 50 }, () => createBackoff()(0));
    expect(waits.every((wait) => wait >= 0 && wait < 500)).toBe(true);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it.each([
    [{ minMs: 0 }, 'backoff.minMs'],
    [{ minMs: 100, maxMs: 99 }, 'backoff.maxMs'],
    [{ maxMs: Infinity }, 'backoff.maxMs'],
  ])('refuses %j by name', (options, name) => {
    expect(() => createBackoff(options)).toThrow(RangeError);
    expect(() => createBackoff(options)).toThrow(`${name} must be`);
  });
});

describe('createSpread', () => {
  it('takes a random part of a wait, and of no more than the longest there is', () => {
    const spread = createSpread({ maxMs: 1000, random: () => 0.5 });
    expect([0, 600, 1000, 1_000_000].map(spread)).toEqual([0, 300, 500, 500]);
    expect(createSpread({ random: () => 1 })(1e9)).toBe(30_000);
  });

  it('draws from the platform when nothing else is given', () => {
    const waits = new Set(Array.from({ length: 50 }, () => createSpread()(1000)));
    expect(waits.size).toBeGreaterThan(1);
    expect([...waits].every((wait) => wait >= 0 && wait < 1000)).toBe(true);
  });
});
