import { describe, expect, it } from 'vitest';
import type { BullmqJob } from '../../../src/queue/bullmq/client.js';
import { describeJob, Failure, failuresOf, isKept, keyOf } from '../../../src/queue/bullmq/record.js';

const job = (id: string, data: unknown, more: Partial<BullmqJob> = {}): BullmqJob =>
  ({ id, data, attemptsStarted: 2, attemptsMade: 1, stalledCounter: 0, ...more }) as BullmqJob;

describe('a job in BullMQ', () => {
  it.each(['17', 'a:b', 'a b', 'ü/%'])('called %s keeps its name behind a key that BullMQ takes', (id) => {
    expect(keyOf(id)).toMatch(/^j-[^:]+$/);
    const data = { payload: 'x', maxAttempts: 3, nonce: 'n' };
    expect(describeJob(job(keyOf(id), data))).toEqual({ id, payload: 'x', attempt: 2, maxAttempts: 3 });
  });

  it.each([undefined, null, 'mail', { payload: 1 }, { payload: 1, maxAttempts: 'many' }])(
    'of somebody else, holding %j, is told with one attempt',
    (data) => {
      expect(isKept(data)).toBe(false);
      expect(describeJob(job('j-%', data))).toEqual({ id: 'j-%', payload: null, attempt: 2, maxAttempts: 1 });
      expect(describeJob(job('mail:1', data))).toMatchObject({ id: 'mail:1' });
    },
  );

  it('has failed as often as it was given up or its lease ran out, since it was tried anew', () => {
    expect(failuresOf(job('a', null, { stalledCounter: 2 }))).toBe(3);
    expect(failuresOf(job('a', { pardoned: 2 }, { stalledCounter: 2 }))).toBe(1);
  });

  it('is tried again after a failure with a delay, and never after one without', () => {
    expect(new Failure('busy', 5)).toMatchObject({ name: 'Failure', message: 'busy', delayMs: 5, stack: '' });
    expect(new Failure('lost', undefined).name).toBe('UnrecoverableError');
  });
});
