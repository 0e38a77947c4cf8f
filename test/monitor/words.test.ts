import { describe, expect, it } from 'vitest';
import { agoWords, byteWords, countWords, rateWords, shortWords, spanWords } from '../../src/monitor/words.js';

describe('words', () => {
  it('write counts in full', () => expect(countWords(1_234_567)).toBe('1,234,567'));

  it.each([
    [9999.4, '9,999'],
    [12_345, '12.3K'],
    [7_000_000, '7M'],
  ])('write %d short as %s', (count, words) => expect(shortWords(count)).toBe(words));

  it.each([
    [0.44, '0.4'],
    [7, '7'],
    [12.6, '13'],
    [20_000, '20K'],
  ])('write %d a second as %s', (rate, words) => expect(rateWords(rate)).toBe(words));

  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1536, '1.5 KiB'],
    [20_000_000, '19 MiB'],
    [2 ** 60, '1048576 TiB'],
  ])('write %d bytes as %s', (bytes, words) => expect(byteWords(bytes)).toBe(words));

  it.each([
    [-5, 'now'],
    [400, 'now'],
    [5000, '5 seconds ago'],
    [120_000, '2 minutes ago'],
    [7_200_000, '2 hours ago'],
    [86_400_000, 'yesterday'],
  ])('say of %d ms ago: %s', (ms, words) => expect(agoWords(ms)).toBe(words));

  it.each([
    [-5, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [7_300_000, '2 h'],
    [200_000_000, '2 d'],
  ])('say that %d ms have passed: %s', (ms, words) => expect(spanWords(ms)).toBe(words));
});
