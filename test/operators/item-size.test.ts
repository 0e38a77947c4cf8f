import { describe, expect, it } from 'vitest';
import { itemSize } from '../../operators/item-size.js';
import { createChunk, StreamError } from '../../src/chunk/index.js';

describe('itemSize', () => {
  it("is the item's own, 0 where it has none", () => {
    expect(itemSize('batch', undefined, createChunk({ streamId: 's', seq: 0, data: 'four' }))).toBe(4);
    for (const item of [{ size: 'big' }, {}, null, undefined, 7, 'text']) {
      expect(itemSize('batch', undefined, item)).toBe(0);
    }
  });

  it("is what the user's function says", () => {
    expect(itemSize('batch', (text: string) => text.length, 'four')).toBe(4);
    expect(itemSize('batch', () => 0, 'four')).toBe(0);
    expect(itemSize('batch', () => 0.5, 'four')).toBe(0.5);
  });

  it('refuses what is no size, which no bound could hold', () => {
    for (const [size, kind] of [
      [NaN, 'NaN'],
      [-1, 'a negative number'],
      [undefined, 'undefined'],
    ] as const) {
      expect(() => itemSize('batch', () => size as number, 'x')).toThrow(
        `batch: size must return a number of at least 0, got ${kind}`,
      );
    }
  });

  it("wraps what the user's function throws", () => {
    const cause = new Error('no');
    const size = () => {
      throw cause;
    };
    expect(() => itemSize('batch', size, 'x')).toThrow(
      new StreamError('callback-failed', 'batch: a callback threw: no', { operator: 'batch', cause }),
    );
  });
});
