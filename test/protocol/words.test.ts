import { describe, expect, it } from 'vitest';
import { frame, heads, number, position } from '../../src/protocol/words.js';

describe('words', () => {
  it.each(['beginning', 'now', 'snapshot', 0, 7])('a position may be %s', (value) => {
    expect(position(value)).toBeUndefined();
  });

  it.each(['end', -1, 0.5, null])('and not %s', (value: unknown) => {
    expect(position(value)!.message).toContain('must be "beginning", "now", "snapshot" or a chunk number');
  });

  it('a frame has its t, whatever that is, and its fields', () => {
    const shape = frame({ ch: number, chunks: heads(1, 1) });
    expect(shape({ t: 'x', ch: 0, chunks: [null] })).toBeUndefined();
    expect(shape({ t: 'x', ch: 0, chunks: [] })!.field).toBe('chunks');
    expect(shape({ t: 'x', chunks: [5] })!.field).toBe('ch');
  });
});
