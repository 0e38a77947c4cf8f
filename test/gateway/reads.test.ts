import { describe, expect, it } from 'vitest';
import { Reads } from '../../src/gateway/reads.js';
import type { Subscription } from '../../src/gateway/subscription.js';

const [a, b, c] = [{}, {}, {}] as [Subscription, Subscription, Subscription];

describe('Reads', () => {
  it('finds the read that begins at a place, whatever else begins elsewhere', () => {
    const reads = new Reads();
    expect(reads.get(5)).toBeUndefined();
    const made = [reads.add(5, a), reads.add(7, b), reads.add(9, c)];
    expect([5, 7, 9].map((from) => reads.get(from))).toEqual(made);
    expect(made.map(({ waiting }) => waiting)).toEqual([[a], [b], [c]]);
    expect(reads.get(6)).toBeUndefined();
  });

  it.each([5, 7])('forgets the one at %i when it failed, and takes another there', (from) => {
    const reads = new Reads();
    reads.add(5, a);
    reads.add(7, b);
    reads.delete(reads.get(from)!);
    expect(reads.get(from)).toBeUndefined();
    expect(reads.get(12 - from)).toBeDefined();
    expect(reads.get(from)).not.toBe(reads.add(from, c));
    expect(reads.get(from)!.waiting).toEqual([c]);
  });
});
