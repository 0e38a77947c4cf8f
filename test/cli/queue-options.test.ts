import { describe, expect, it } from 'vitest';
import { leaseOption, queueNameOption, readWhole } from '../../src/cli/queue-options.js';

describe('queue options', () => {
  it('are those of most queues unless said otherwise', () => {
    expect([queueNameOption().defaultValue, leaseOption().defaultValue]).toEqual(['actors', 30_000]);
  });

  it('take whole numbers', () => {
    expect(readWhole('12')).toBe(12);
    for (const text of ['0', '-1', '1.5', 'x', '', '1e3', '9999999999']) {
      expect(() => readWhole(text), text).toThrow('It must be a number from 1 to 999999999.');
    }
  });
});
