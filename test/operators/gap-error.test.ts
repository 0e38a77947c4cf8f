import { describe, expect, it } from 'vitest';
import { gapError } from '../../operators/gap-error.js';

describe('gap error', () => {
  it('names the chunks and their stream', () => {
    const error = gapError('reorder', 'books/moby-dick', { from: 3, to: 6 }, 'did not come');
    expect(error.message).toBe('reorder: chunks 3 to 5 of "books/moby-dick" did not come');
    expect(error).toMatchObject({
      code: 'gap',
      details: { operator: 'reorder', streamId: 'books/moby-dick', seq: 3 },
    });
  });

  it('names a single chunk of an unknown stream', () => {
    const error = gapError('reorder', '', { from: 3, to: 4 }, 'did not come');
    expect(error.message).toBe('reorder: chunk 3 did not come');
    expect(error.details).toEqual({ operator: 'reorder', seq: 3 });
  });

  it('holds what led to it, where somebody has said so', () => {
    const cause = new Error('nobody answers');
    expect(gapError('repair', '', { from: 3, to: 4 }, 'did not come', cause).cause).toBe(cause);
    expect('cause' in gapError('repair', '', { from: 3, to: 4 }, 'did not come')).toBe(false);
  });
});
