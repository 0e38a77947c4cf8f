import { expect, it, describe } from 'vitest';
import { newLife } from '../../src/log/new-life.js';

describe('newLife', () => {
  it('is another each time, and short', () => {
    const lives = Array.from({ length: 1000 }, newLife);
    expect(new Set(lives).size).toBe(1000);
    for (const life of lives) expect(life).toMatch(/^[\w-]{12}$/);
  });
});
