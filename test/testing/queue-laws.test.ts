import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/chunk/index.js';
import type { ClaimedJob } from '../../src/queue/queue.js';
import { queueLaws, queueLawsOf } from '../../src/testing/queue-laws.js';
import { leaseLaws } from '../../src/testing/queue-lease-laws.js';
import type { QueueUnderTest } from '../../src/testing/queue-stage.js';
import { expectEachQueueToFail, makeQueue, type QueueDefects, queueLawTitles } from './defective-queue.js';

queueLaws('a queue that has no defect', (options) => makeQueue(options));

/** Queues that break a law, and do what else it needs. */
const defects: QueueDefects = {
  'gives a job as it was enqueued, and forgets it when it is acknowledged': [
    { job: ({ release }) => ({ ack: release }) },
    { job: ({ payload }) => ({ payload: payload ?? '' }) },
    { job: ({ payload }) => ({ payload: JSON.parse(JSON.stringify(payload).replace('__proto__', 'x')) as JsonValue }) },
    { job: ({ ack }) => ({ ack: () => ack().catch(() => {}) }) },
    { job: () => ({ attempt: 0 }) },
  ],
  'keeps a payload as it was when it was handed over': [
    {
      queue: (queue) => ({
        enqueue: async (payload, options) => {
          await undefined;
          return queue.enqueue(payload, options);
        },
      }),
    },
    {
      queue: (queue) => {
        const payloads = new Map<string, JsonValue>();
        return {
          enqueue: async (payload, options) => {
            const enqueued = await queue.enqueue(payload, options);
            payloads.set(enqueued.id, JSON.parse(JSON.stringify({ list: [1] })) as JsonValue);
            return enqueued;
          },
          claim: async (options) => {
            const job = await queue.claim(options);
            return job && { ...job, payload: payloads.get(job.id)! };
          },
        };
      },
    },
  ],
  'gives the first first': [
    {
      queue: (queue) => {
        let jobs = 0;
        return {
          enqueue: (payload, options) => queue.enqueue(payload, { ...options, delayMs: jobs++ === 7 ? 30 : 0 }),
        };
      },
    },
  ],
  'gives each job to one claimer': [
    {
      queue: (queue) => {
        let latest: ClaimedJob | undefined;
        return { claim: async (options) => (latest = (await queue.claim(options)) ?? latest) };
      },
    },
    {
      queue: (queue) => {
        let claims = 0;
        return {
          claim: async (options) => {
            const job = await queue.claim(options);
            if (claims++ !== 3 || job === undefined) return job;
            const { id } = job;
            await job.ack();
            await queue.enqueue(id, { id: `${id} once more` });
            return job;
          },
        };
      },
    },
  ],
  'has nothing where there is nothing': [
    { queue: () => ({ remove: async () => true }) },
    { queue: () => ({ requeue: async () => true }) },
    {
      queue: (queue) => ({ claim: ({ waitMs = 0 } = {}) => (waitMs > 0 ? new Promise(() => {}) : queue.claim()) }),
    },
    { queue: () => ({ counts: async () => ({ waiting: 1, claimed: 0, dead: 0 }) }) },
  ],
  'waits for a job as long as it is told': [{ queue: (queue) => ({ claim: () => queue.claim() }) }],
  'lets a claim go that is given up, and no job with it': [
    { queue: (queue) => ({ claim: ({ waitMs = 0 } = {}) => queue.claim({ waitMs }) }) },
    {
      // It answers whoever has left, and goes on asking for him.
      queue: (queue) => ({
        claim: async ({ waitMs = 0, signal } = {}) => {
          const left = new Promise<undefined>((resolve) => {
            if (signal?.aborted) resolve(undefined);
            signal?.addEventListener('abort', () => resolve(undefined));
          });
          return Promise.race([queue.claim({ waitMs }), left]);
        },
      }),
    },
  ],
  'gives a job no earlier than it is told, and others meanwhile': [
    { queue: (queue) => ({ enqueue: (payload, { id } = {}) => queue.enqueue(payload, { id: id! }) }) },
    { queue: (queue) => ({ enqueue: (payload, options) => queue.enqueue(payload, { ...options, delayMs: 300 }) }) },
  ],
  'takes one job of an id, as long as it knows it': [
    { queue: (queue) => ({ enqueue: (payload) => queue.enqueue(payload) }) },
    {
      queue: (queue) => ({
        enqueue: async (payload, options) => ({ ...(await queue.enqueue(payload, options)), duplicate: false }),
      }),
    },
    {
      queue: (queue) => {
        const known = new Set<string>();
        return {
          enqueue: async (payload, { id, ...options } = {}) => {
            if (known.has(id!)) return { id: id!, duplicate: true };
            known.add(id!);
            return queue.enqueue(payload, { ...options, id: id! });
          },
        };
      },
    },
  ],
  'takes any id': [
    {
      queue: (queue) => ({
        enqueue: async (payload, { id = '' } = {}) => ({
          ...(await queue.enqueue(payload, { id: id.toLowerCase() })),
          id,
        }),
      }),
    },
    { job: ({ id }) => ({ id: id.replaceAll(':', '-') }) },
  ],
  'removes what waits': [
    { queue: () => ({ remove: async () => true }) },
    { queue: () => ({ remove: async () => false }) },
  ],
  'takes as many jobs as it may, and finishes them when it is full': [
    { options: (options) => ({ ...options, maxJobs: 4 }) },
    { options: (options) => ({ ...options, maxJobs: 2 }) },
    { job: ({ fail }) => ({ fail: async (reason) => fail(reason, { final: true }) }) },
  ],
  'refuses what is no job': [
    { queue: (queue) => ({ enqueue: (payload, o) => queue.enqueue(JSON.parse(JSON.stringify(payload) ?? '0'), o) }) },
    { options: (options) => ({ ...options, maxPayloadBytes: 1000 }) },
    { options: (options) => ({ ...options, maxPayloadBytes: 99 }) },
    { queue: () => ({ remove: async () => false }) },
    { queue: () => ({ requeue: async () => false }) },
  ],
  'refuses arguments that make no sense': [
    {
      queue: (queue) => ({ enqueue: (payload, { id } = {}) => queue.enqueue(payload, id === undefined ? {} : { id }) }),
    },
    { queue: (queue) => ({ claim: () => queue.claim() }) },
    { queue: () => ({ dead: async () => [] }) },
    { job: ({ fail }) => ({ fail: (reason) => fail(reason) }) },
  ],
  'is over when it is disposed of': [
    { queue: () => ({ dispose: async () => {} }) },
    { queue: () => ({ counts: async () => ({ waiting: 0, claimed: 0, dead: 0 }) }) },
    { job: () => ({ renew: async () => {} }) },
  ],
};

describe('queueLaws', () => {
  it('are each proven to fail', () => {
    const elsewhere = leaseLaws.map(([title]) => title);
    expect([...Object.keys(defects), ...elsewhere].toSorted()).toEqual(queueLawTitles.toSorted());
  });

  expectEachQueueToFail(defects);

  it('dispose of the queue, and of what it leaves behind, also after a failure', async () => {
    const disposed: string[] = [];
    const make = (): QueueUnderTest => ({
      ...makeQueue(
        {},
        {
          queue: () => ({
            enqueue: () => Promise.reject(new Error('no')),
            dispose: async () => void disposed.push('queue'),
          }),
        },
      ),
      dispose: () => void disposed.push('rest'),
    });
    const law = queueLawsOf(make).find(({ title }) => title === 'gives the first first')!;
    await expect(law.check()).rejects.toThrow('no');
    expect(disposed).toEqual(['queue', 'rest']);
  });
});
