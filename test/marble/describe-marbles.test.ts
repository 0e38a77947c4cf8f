import { describe, expect, it } from 'vitest';
import { describeMarbles, type Marble, readMarbles } from 'sluice/marble';

const told = (...marbles: Marble[]) =>
  describeMarbles({ lines: [{ label: '', from: 0, to: 1, moments: [{ at: 0, marbles }] }], notes: [] });

describe('describeMarbles', () => {
  it('tells line by line what happens when', () => {
    expect(describeMarbles(readMarbles(['source  -a-(bc)-|', 'other   -#', 'silent  ---']))).toBe(
      'source: a at 1, b and c at 3, the end at 8. other: an error at 1. silent: nothing.',
    );
  });

  it.each([
    [{ letter: 'a', kind: 'early', label: '5' }, '5 (came early, held)'],
    [{ letter: 'a', kind: 'duplicate', label: '5' }, '5 (came again, dropped)'],
    [{ letter: 'a', kind: 'repaired', label: '5' }, '5 (asked for again, came)'],
    [{ letter: 'G', kind: 'gap', label: '5–7' }, '5–7 missing'],
    [{ letter: '', kind: 'credit', label: '+64' }, 'credit +64'],
  ] as const)('has words for %j', (marble, words) => {
    expect(told(marble)).toBe(`result: ${words} at 0.`);
  });

  it('ends somewhere', () => {
    expect(describeMarbles(readMarbles([`source  ${'-a'.repeat(150)}`]))).toMatch(/a at 199, 50 moments more\.$/);
  });
});
