import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../scripts/soak/verdict.js';

describe('verdictOf', () => {
  it('stands in columns, and says loudly what is missed', () => {
    expect(
      verdictOf([
        { name: 'first token', found: '3 ms', wanted: 'at most 100 ms', met: true },
        { name: 'tasks', found: '2 above 50 ms', wanted: 'none', met: false },
      ]),
    ).toBe(
      [
        'first token  3 ms           wanted: at most 100 ms  met',
        'tasks        2 above 50 ms  wanted: none            MISSED',
      ].join('\n'),
    );
  });
});
