import { describe, expect, it } from 'vitest';
import { nextCursor } from '../../src/durable/cursor.js';

const start = Date.UTC(2024, 9, 9);

describe('nextCursor', () => {
  it('counts intervals of 20 s', () => {
    expect(nextCursor(start, undefined, () => 0)).toBe(0);
    expect(nextCursor(start + 59_999, undefined, () => 0)).toBe(2);
    expect(nextCursor(start + 60_000, 2, () => 0)).toBe(3);
  });

  it('never answers with the cursor a reader came with, nor a lower one', () => {
    expect(nextCursor(start + 60_000, 3, () => 0)).toBe(4);
    expect(nextCursor(start + 60_000, 3, () => 0.9999)).toBe(183);
    expect(nextCursor(start, 5000, () => 0)).toBe(5001);
  });
});
