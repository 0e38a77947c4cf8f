import { describe, expect, it } from 'vitest';
import { numberedLife } from '../../src/log/numbered-life.js';

describe('numberedLife', () => {
  it('tells streams of one log apart, and logs that were made one after the other', () => {
    const lives = [
      numberedLife(1_700_000_000_000, 1),
      numberedLife(1_700_000_000_000, 2),
      numberedLife(1_700_000_000_001, 1),
    ];
    expect(new Set(lives).size).toBe(3);
  });
});
