import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../src/queue/queue.js';
import { leaseLaws } from '../../src/testing/queue-lease-laws.js';
import { expectEachQueueToFail, type QueueDefects } from './defective-queue.js';

/** Whoever has no say is told so by an error; this one tells nobody. */
const silently = ({ renew, ack, fail, release }: ClaimedJob): Partial<ClaimedJob> => ({
  renew: () => renew().catch(() => {}),
  ack: () => ack().catch(() => {}),
  fail: (reason) => fail(reason).catch(() => 'waiting' as const),
  release: () => release().catch(() => {}),
});

/** Queues that break a law, and do what else it needs. */
const defects: QueueDefects = {
  'gives a job to another when its lease has run out, under a higher attempt': [
    { options: (options) => ({ ...options, leaseMs: 1_000_000 }) },
    { job: () => ({ attempt: 1 }) },
    { job: silently },
  ],
  'leaves a job to whoever renews its lease': [{ job: () => ({ renew: async () => {} }) }],
  'refuses who has lost a lease, whatever becomes of the job': [
    { job: silently },
    {
      // Who has failed before may do so again.
      job: ({ fail }) => {
        let failed = false;
        return {
          fail: async (reason) => {
            if (failed) return 'waiting';
            failed = true;
            return fail(reason);
          },
          release: async () => void (failed = true),
        };
      },
    },
  ],
  'counts a lease that ran out as a failure': [
    { options: (options) => ({ ...options, maxAttempts: 100 }) },
    { options: (options) => ({ ...options, maxAttempts: 1 }) },
  ],
  'tries a job again that has failed, as often as it may': [
    { options: (options) => ({ ...options, maxAttempts: 4 }) },
    { options: (options) => ({ ...options, maxAttempts: 2 }) },
    { job: ({ fail }) => ({ fail: () => fail('something') }) },
    { job: ({ ack }) => ({ fail: async () => (await ack(), 'waiting') }) },
  ],
  'waits before it tries again': [
    { options: (options) => ({ ...options, retryMs: 1, maxRetryMs: 1 }) },
    { job: ({ fail }) => ({ fail: (reason) => fail(reason) }) },
  ],
  'never tries again what is not worth it': [{ job: ({ fail }) => ({ fail: (reason) => fail(reason) }) }],
  'gives back at once what is released, and counts no failure': [
    { job: ({ fail }) => ({ release: async () => void (await fail('released', { delayMs: 0 })) }) },
    { job: () => ({ release: async () => {} }) },
  ],
  'tries a dead letter anew, counting its attempts on': [
    {
      queue: (queue) => ({
        requeue: async (id) => {
          const letter = (await queue.dead()).find((one) => one.id === id);
          if (letter === undefined) return false;
          await queue.remove(id);
          await queue.enqueue(letter.payload, { id });
          return true;
        },
      }),
    },
    { queue: () => ({ requeue: async () => true }) },
  ],
  'lists dead letters, the oldest first, and keeps the newest': [
    { queue: (queue) => ({ dead: async (limit) => (await queue.dead(limit)).toReversed() }) },
    { queue: (queue) => ({ dead: () => queue.dead() }) },
    { options: (options) => ({ ...options, maxDead: 9 }) },
    { queue: (queue) => ({ requeue: async (id) => queue.requeue(id).then(() => true) }) },
  ],
  'has every job done once or dead, whoever fails': [
    {
      job: ({ fail, ack }) => ({
        fail: async (reason) => ((await fail(reason)) === 'dead' ? 'waiting' : (await ack().catch(() => {}), 'dead')),
      }),
    },
    {
      // What is dead is done as well.
      queue: (queue) => ({ dead: async () => (await queue.dead()).slice(1) }),
    },
  ],
};

describe('leaseLaws', () => {
  it('are each proven to fail', () => {
    expect(Object.keys(defects).toSorted()).toEqual(leaseLaws.map(([title]) => title).toSorted());
  });

  expectEachQueueToFail(defects);
});
