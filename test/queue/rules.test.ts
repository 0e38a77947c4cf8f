import { describe, expect, it } from 'vitest';
import { checkId, leaseLost, QueueRules, reasonOf } from '../../src/queue/rules.js';

describe('QueueRules', () => {
  it('has the defaults it says', () => {
    const { leaseMs, maxJobs, maxDead, maxPayloadBytes } = new QueueRules({});
    expect({ leaseMs, maxJobs, maxDead, maxPayloadBytes }).toEqual({
      leaseMs: 30_000,
      maxJobs: 100_000,
      maxDead: 10_000,
      maxPayloadBytes: 262_144,
    });
    expect(new QueueRules({}).draft('x')).toMatchObject({ named: false, text: '"x"', delayMs: 0, maxAttempts: 5 });
    expect(new QueueRules({ maxAttempts: 2 }).draft('x').maxAttempts).toBe(2);
  });

  it('waits longer with each failure, up to the longest, and never the same for all', () => {
    const waits = (random: () => number) => {
      const rules = new QueueRules({ retryMs: 100, maxRetryMs: 1000, random });
      return [1, 2, 3, 4, 5, 2000].map((failures) => rules.retryDelayMs(failures));
    };
    expect(waits(() => 1)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(waits(() => 0)).toEqual([50, 100, 200, 400, 500, 500]);
    const chance = new QueueRules({});
    const drawn = Array.from({ length: 50 }, () => chance.retryDelayMs(1));
    expect(drawn.every((wait) => wait >= 500 && wait <= 1000)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  it('has a longest wait that is no shorter than the first', () => {
    expect(new QueueRules({ retryMs: 90_000, random: () => 1 }).retryDelayMs(9)).toBe(90_000);
    expect(new QueueRules({ random: () => 1 }).retryDelayMs(9)).toBe(60_000);
  });

  it('counts bytes, not characters', () => {
    const rules = new QueueRules({ maxPayloadBytes: 6 });
    expect(rules.draft('éé').bytes).toBe(6);
    expect(() => rules.draft('ééé', { id: 'a' })).toThrow(
      expect.objectContaining({ code: 'job-too-large', details: { job: 'a' } }),
    );
  });

  it.each([
    ['leaseMs', 0],
    ['leaseMs', 2e9],
    ['maxAttempts', 0],
    ['maxJobs', Infinity],
    ['maxDead', -1],
    ['maxPayloadBytes', 0],
    ['retryMs', 0.5],
    ['maxRetryMs', 2e9],
  ])('refuses a wrong %s: %d', (name, value) => {
    expect(() => new QueueRules({ [name]: value })).toThrow(RangeError);
    expect(() => new QueueRules({ [name]: value })).toThrow(name);
  });

  it('refuses a longest wait below the first', () => {
    expect(() => new QueueRules({ retryMs: 100, maxRetryMs: 99 })).toThrow('maxRetryMs');
  });
});

describe('checkId', () => {
  it('says what is wrong with an id', () => {
    expect(checkId('x'.repeat(256))).toHaveLength(256);
    for (const [id, why] of [
      [7, 'a string, got a number'],
      ['', 'of 1 to 256 characters, got 0'],
      ['x'.repeat(257), 'got 257'],
      ['\ud800', 'without lone surrogates'],
    ] as const) {
      expect(() => checkId(id)).toThrow(why);
    }
  });
});

describe('reasonOf', () => {
  it('keeps a reason short and well-formed', () => {
    expect(reasonOf('no')).toBe('no');
    expect(reasonOf(`${'x'.repeat(1023)}😀`)).toBe(`${'x'.repeat(1023)}\ufffd`);
  });
});

describe('leaseLost', () => {
  it('names the job and the attempt, and why', () => {
    const cause = new Error('no lock');
    expect(leaseLost('a', 3, cause)).toMatchObject({ code: 'lease-lost', details: { job: 'a' }, cause });
    expect(leaseLost('a', 3).message).toBe('job "a": attempt 3 has lost its lease, or is over');
    expect(leaseLost('a', 3).cause).toBeUndefined();
  });
});
