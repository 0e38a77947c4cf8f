import { describe, expect, it } from 'vitest';
import { createRefusals, refusalReasons } from 'sluice/probe';

describe('createRefusals', () => {
  it('counts by reason, from 0', () => {
    const { count, read } = createRefusals();
    expect(read()).toEqual(Object.fromEntries(refusalReasons.map((reason) => [reason, 0])));
    count('rate');
    count('rate');
    count('origin');
    expect(read()).toMatchObject({ rate: 2, origin: 1, host: 0 });
  });

  it('hands out what it was, not what it becomes', () => {
    const refusals = createRefusals();
    const before = refusals.read();
    refusals.count('frame');
    expect(before.frame).toBe(0);
  });
});
