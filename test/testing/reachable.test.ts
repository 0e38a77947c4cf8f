import { describe, expect, it } from 'vitest';
import { countReachable } from '../../src/testing/reachable.js';

describe('countReachable', () => {
  it('counts what somebody still holds, and not what nobody does', async () => {
    const held = Array.from({ length: 10 }, (_, n) => ({ n }));
    const things = held.map((thing) => new WeakRef(thing));
    held.splice(3);
    expect(await countReachable(things, 3)).toBe(3);
    expect(await countReachable(things, 0)).toBe(3);
    expect(held).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    held.splice(0);
    expect(await countReachable(things, 0)).toBe(0);
  });
});
