import { describe, expect, it } from 'vitest';
import { durationWords } from '../../src/components/duration.js';

describe('durationWords', () => {
  it.each([
    [-5, '0 ms'],
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1500, '1.5 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
  ])('says %d as %j', (ms, words) => expect(durationWords(ms)).toBe(words));
});
