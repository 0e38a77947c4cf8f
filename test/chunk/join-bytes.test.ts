import { describe, expect, it } from 'vitest';
import { joinBytes } from '../../src/chunk/join-bytes.js';

describe('joinBytes', () => {
  it('puts bytes together, in memory of their own', () => {
    const first = Uint8Array.of(1);
    const all = joinBytes([first, Uint8Array.of(), Uint8Array.of(2, 3)]);
    first[0] = 9;
    expect(all).toEqual(Uint8Array.of(1, 2, 3));
    expect(joinBytes([Uint8Array.of(1), Uint8Array.of(2, 3)], 3)).toEqual(Uint8Array.of(1, 2, 3));
    expect(joinBytes([])).toEqual(new Uint8Array());
  });
});
