import { describe, expect, it } from 'vitest';
import { framesOf } from '../../src/marble/marbles.js';

describe('framesOf', () => {
  it('counts the brackets of a group, as RxJS does', () => {
    expect([0, 1, 2, 5].map(framesOf)).toEqual([0, 1, 4, 7]);
  });
});
