import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/run/pace.js';

describe('pace', () => {
  it('counts what was lately more than what was before', () => {
    const pace = new Pace(1000, 0.5);
    expect(pace.perSecond).toBe(0);
    pace.measure(2000, 10);
    expect(pace.perSecond).toBe(10);
    pace.measure(3000, 40);
    expect(pace.perSecond).toBe(20);
    pace.measure(4000, 40);
    expect(pace.perSecond).toBe(10);
  });

  it('does not judge by a moment, nor by what was put back', () => {
    const pace = new Pace(0, 1);
    pace.measure(49, 1000);
    expect(pace.perSecond).toBe(0);
    pace.measure(1000, 1000);
    pace.measure(2000, 0);
    expect(pace.perSecond).toBe(0);
  });

  it('knows the pace of all the time', () => {
    const pace = new Pace(1000, 1);
    expect(pace.overall(1000, 5)).toBe(0);
    expect(pace.overall(3000, 5)).toBe(2.5);
  });
});
