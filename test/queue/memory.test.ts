import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryQueue, type MemoryQueueOptions } from '../../src/queue/memory.js';
import { work } from '../../src/queue/work.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { VirtualTime } from '../virtual-time.js';

describe('createMemoryQueue', () => {
  queueLaws('a queue in memory', (options) => {
    const time = new VirtualTime();
    return { queue: createMemoryQueue({ ...options, scheduler: time }), advance: (ms) => time.pass(ms) };
  });

  const stage = (options: MemoryQueueOptions = {}) => {
    const time = new VirtualTime();
    return { time, queue: createMemoryQueue({ scheduler: time, ...options }) };
  };

  it('has a thousand jobs done once or dead, by ten workers that fail, fall silent and stop by chance', async () => {
    const property = async (seed: number): Promise<void> => {
      let state = seed;
      const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
      const { time, queue } = stage({ leaseMs: 30, maxAttempts: 3, retryMs: 5, maxRetryMs: 20, random });
      const ids = Array.from({ length: 1000 }, (_, n) => `job ${n}`);
      for (const id of ids) await queue.enqueue(id, { id, delayMs: Math.floor(random() * 20) });
      const ends: string[] = [];
      const attempts = new Map<string, number>();
      const worker = async (): Promise<void> => {
        for (;;) {
          const job = await queue.claim({ waitMs: 500 });
          if (job === undefined) return;
          expect(job.attempt).toBe((attempts.get(job.id) ?? 0) + 1);
          attempts.set(job.id, job.attempt);
          const chance = random();
          if (chance < 0.1) continue;
          if (chance < 0.3) await time.wait(Math.floor(random() * 60));
          try {
            if (chance < 0.5) await job.fail('by chance');
            else if (chance < 0.6) await job.release();
            else {
              await job.ack();
              ends.push(job.id);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'lease-lost' });
          }
        }
      };
      await time.until(Promise.all(Array.from({ length: 10 }, worker)));
      const dead = await queue.dead(1000);
      expect([...ends, ...dead.map(({ id }) => id)].toSorted()).toEqual(ids.toSorted());
      expect(dead.length).toBeGreaterThan(0);
      expect(await queue.counts()).toEqual({ waiting: 0, claimed: 0, dead: dead.length });
      expect(time.actions).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 2_000_000_000 }), property), { numRuns: 5 });
  }, 120_000);

  it('is bounded in bytes, dead letters counted', async () => {
    const { queue } = stage({ maxTotalBytes: 20, maxAttempts: 1 });
    await queue.enqueue('12345678', { id: 'a' });
    await queue.enqueue('12345678', { id: 'b' });
    await expect(queue.enqueue('')).rejects.toMatchObject({ code: 'queue-full', details: {} });
    await (await queue.claim())!.fail('no');
    await expect(queue.enqueue('')).rejects.toMatchObject({ code: 'queue-full' });
    await queue.remove('a');
    await queue.enqueue('1234567');
    expect(() => createMemoryQueue({ maxTotalBytes: 0 })).toThrow('maxTotalBytes');
  });

  it('has no room for a dead letter to be tried anew while it is full', async () => {
    const { queue } = stage({ maxJobs: 1, maxAttempts: 1 });
    await queue.enqueue('x', { id: 'a' });
    await (await queue.claim())!.fail('no');
    await queue.enqueue('x', { id: 'b' });
    await expect(queue.requeue('a')).rejects.toMatchObject({ code: 'queue-full' });
    await (await queue.claim())!.ack();
    expect(await queue.requeue('a')).toBe(true);
  });

  it('does not mind clocks that jump', async () => {
    let jump = 0;
    const { time, queue } = stage({ leaseMs: 100 });
    const now = time.now.bind(time);
    time.now = () => now() + jump;
    await queue.enqueue('x', { id: 'later', delayMs: 50 });
    await queue.enqueue('x', { id: 'now' });
    const job = (await queue.claim())!;
    for (const to of [3_600_000, -3_600_000]) {
      jump = to;
      await time.pass(20);
      expect(await queue.claim()).toBeUndefined();
      await job.renew();
    }
    await time.pass(10);
    expect(await queue.claim()).toMatchObject({ id: 'later' });
    await time.pass(100);
    expect(await queue.claim()).toMatchObject({ id: 'now', attempt: 2 });
  });

  it('gives first what was given back', async () => {
    const { queue } = stage();
    for (const id of ['a', 'b', 'c']) await queue.enqueue('x', { id });
    await (await queue.claim())!.release();
    expect(await queue.claim()).toMatchObject({ id: 'a', attempt: 2 });
  });

  it('leaves no timer when it is disposed of', async () => {
    const { time, queue } = stage();
    await queue.enqueue('x', { delayMs: 1000 });
    await queue.enqueue('x');
    await queue.claim();
    const waiting = queue.claim({ waitMs: 1000 });
    await queue.dispose();
    expect(await waiting).toBeUndefined();
    await time.pass(0);
    expect(time.actions).toEqual([]);
  });

  it('runs on the platform’s timers when nothing else is given', async () => {
    const queue = createMemoryQueue({ leaseMs: 20 });
    const done: unknown[] = [];
    const working = work(queue, ({ payload }) => done.push(payload)).subscribe();
    await queue.enqueue('soon', { delayMs: 10 });
    await expect.poll(() => done).toEqual(['soon']);
    working.unsubscribe();
    await queue.dispose();
  });
});
