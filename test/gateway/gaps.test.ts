import { describe, expect, it } from 'vitest';
import { Gaps } from '../../src/gateway/gaps.js';

describe('Gaps', () => {
  it('counts a hole once, however often and in whatever pieces it is asked for', () => {
    const gaps = new Gaps();
    gaps.request([
      { from: 3, to: 5 },
      { from: 7, to: 9 },
    ]);
    gaps.request([{ from: 4, to: 5 }]);
    gaps.request([{ from: 9, to: 10 }]);
    expect(gaps.counts).toEqual({ holes: 3, asked: 6, resent: 0, lost: 0 });
  });

  it('counts once what is lost, however often that is told', () => {
    const gaps = new Gaps();
    gaps.lose(0, 4);
    gaps.lose(2, 3);
    gaps.lose(2, 6);
    expect(gaps.counts).toEqual({ holes: 0, asked: 0, resent: 0, lost: 6 });
  });
});
