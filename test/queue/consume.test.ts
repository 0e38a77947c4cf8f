import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { consume, type ConsumeOptions, type HeldJob } from '../../src/queue/consume.js';
import { createMemoryQueue } from '../../src/queue/memory.js';
import type { Queue, QueueOptions } from '../../src/queue/queue.js';
import { VirtualTime } from '../virtual-time.js';

const unavailable = () => new StreamError('queue-unavailable', 'no answer');

function stage(options: QueueOptions = {}, change: (queue: Queue) => Partial<Queue> = () => ({})) {
  const time = new VirtualTime();
  const queue = createMemoryQueue({ leaseMs: 300, ...options, scheduler: time });
  const { leaseMs } = queue;
  const changed = { leaseMs, claim: (given) => queue.claim(given), ...change(queue) } as Queue;
  const jobs: HeldJob[] = [];
  const ends: unknown[] = [];
  const start = (consumption: ConsumeOptions = {}) =>
    consume(changed, { scheduler: time, ...consumption }).subscribe({
      next: (job) => void jobs.push(job),
      error: (error: unknown) => void ends.push(error),
      complete: () => void ends.push('completed'),
    });
  const enqueue = async (...ids: string[]) => {
    for (const id of ids) await queue.enqueue(id, { id });
  };
  return { time, queue, jobs, ends, start, enqueue };
}

describe('consume', () => {
  it('claims no more than can be worked on, and one more for each that is settled', async () => {
    const { time, queue, jobs, start, enqueue } = stage();
    await enqueue('a', 'b', 'c', 'd', 'e');
    const consumption = start({ concurrency: 2 });
    await time.pass(10);
    expect(jobs.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await queue.counts()).toMatchObject({ waiting: 3, claimed: 2 });
    await jobs[0]!.ack();
    await time.pass(1);
    await jobs[1]!.fail('no', { final: true });
    await time.pass(1);
    expect(jobs.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    await jobs[2]!.release();
    await time.pass(1);
    expect(jobs.at(-1)).toMatchObject({ id: 'c', payload: 'c', attempt: 2, maxAttempts: 5 });
    consumption.unsubscribe();
  });

  it('renews leases until jobs are settled', async () => {
    const { time, queue, jobs, start, enqueue } = stage();
    await enqueue('a');
    const consumption = start();
    await time.pass(2000);
    expect(jobs).toHaveLength(1);
    expect(await queue.counts()).toMatchObject({ claimed: 1 });
    await jobs[0]!.ack();
    consumption.unsubscribe();
    await time.pass(1000);
    expect(time.actions).toEqual([]);
    expect(jobs[0]!.signal.aborted).toBe(false);
  });

  it('tells who works on a job that it is lost, and goes on', async () => {
    let answers = true;
    const heard: string[] = [];
    const { time, jobs, start, enqueue } = stage({}, (queue) => ({
      claim: async (options) => {
        const job = await queue.claim(options);
        const renew = async (): Promise<void> => {
          if (!answers) throw unavailable();
          await job!.renew();
        };
        return job && { ...job, renew };
      },
    }));
    await enqueue('a');
    const consumption = start({ onTrouble: ({ code }) => heard.push(code) });
    await time.pass(150);
    answers = false;
    await time.pass(200);
    expect(heard).toEqual(['queue-unavailable', 'queue-unavailable']);
    expect(jobs[0]!.signal.aborted).toBe(false);
    await time.pass(100);
    answers = true;
    await time.pass(100);
    expect(jobs[0]!.signal.reason).toMatchObject({ code: 'lease-lost' });
    expect(jobs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    await expect(jobs[0]!.ack()).rejects.toMatchObject({ code: 'lease-lost' });
    await jobs[1]!.ack();
    consumption.unsubscribe();
    await time.pass(1000);
    expect(time.actions).toEqual([]);
  });

  it.each(['queue-unavailable', 'queue-full'] as const)('asks again when claiming is %s', async (code) => {
    let refuses = true;
    const { time, jobs, ends, start, enqueue } = stage({}, (inner) => ({
      claim: async (options) => {
        if (refuses) throw new StreamError(code, 'not now');
        return inner.claim(options);
      },
    }));
    await enqueue('a');
    const heard: string[] = [];
    const consumption = start({ pauseMs: 100, onTrouble: (trouble) => heard.push(trouble.code) });
    await time.pass(150);
    refuses = false;
    await time.pass(100);
    expect([heard, ends, jobs.map(({ id }) => id)]).toEqual([[code, code], [], ['a']]);
    consumption.unsubscribe();
  });

  it('does not hold what the queue did not hear of', async () => {
    let fails = true;
    const { time, queue, jobs, start, enqueue } = stage({}, (inner) => ({
      claim: async (options) => {
        const job = await inner.claim(options);
        const ack = async (): Promise<void> => {
          if (fails) throw unavailable();
          await job!.ack();
        };
        return job && { ...job, ack };
      },
    }));
    await enqueue('a', 'b');
    const consumption = start();
    await time.pass(10);
    await expect(jobs[0]!.ack()).rejects.toMatchObject({ code: 'queue-unavailable' });
    fails = false;
    await time.pass(10);
    expect(jobs.map(({ id }) => id)).toEqual(['a', 'b']);
    await jobs[1]!.ack();
    await time.pass(400);
    expect(jobs.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual(['a 1', 'b 1', 'a 2']);
    await jobs[2]!.ack();
    expect(await queue.counts()).toEqual({ waiting: 0, claimed: 0, dead: 0 });
    consumption.unsubscribe();
  });

  it('stops claiming when it is told to, and completes when all is settled', async () => {
    const { time, queue, jobs, ends, start, enqueue } = stage();
    await enqueue('a', 'b', 'c');
    const stop = new AbortController();
    start({ concurrency: 2, stop: stop.signal });
    await time.pass(10);
    stop.abort();
    await jobs[0]!.ack();
    await time.pass(1000);
    expect(ends).toEqual([]);
    expect(await queue.counts()).toMatchObject({ waiting: 1, claimed: 1 });
    await jobs[1]!.ack();
    await time.pass(1);
    expect(ends).toEqual(['completed']);
    expect(jobs).toHaveLength(2);
    expect(time.actions).toEqual([]);
  });

  it('gives back what takes longer than the grace, once it has stopped', async () => {
    const { time, queue, jobs, ends, start, enqueue } = stage();
    await enqueue('a');
    const stop = new AbortController();
    start({ stop: stop.signal, graceMs: 1000 });
    await time.pass(10);
    stop.abort();
    await time.pass(999);
    expect(ends).toEqual([]);
    await time.pass(1);
    expect(ends).toEqual(['completed']);
    expect(jobs[0]!.signal.reason).toMatchObject({ code: 'lease-lost' });
    expect(await queue.claim()).toMatchObject({ id: 'a', attempt: 2 });
  });

  it('ends at once, and leaves no timer, when it stops while nothing is held', async () => {
    const { time, ends, start } = stage();
    const stop = new AbortController();
    start({ stop: stop.signal, graceMs: 1000 });
    await time.pass(10);
    stop.abort();
    await time.pass(1);
    start({ stop: stop.signal });
    await time.pass(1);
    expect(ends).toEqual(['completed', 'completed']);
    expect(time.actions).toEqual([]);
  });

  it('gives everything back when nobody listens any more', async () => {
    const { time, queue, jobs, start, enqueue } = stage();
    await enqueue('a', 'b', 'c');
    const consumption = start({ concurrency: 2 });
    await time.pass(10);
    consumption.unsubscribe();
    await time.pass(1);
    expect(jobs.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(await queue.counts()).toEqual({ waiting: 3, claimed: 0, dead: 0 });
    await enqueue('d');
    expect(jobs).toHaveLength(2);
    expect(time.actions).toEqual([]);
  });

  it('gives back a job that comes too late', async () => {
    const { time, queue, jobs, start, enqueue } = stage({}, (inner) => ({
      claim: async () => {
        await time.wait(50);
        return inner.claim();
      },
    }));
    await enqueue('a');
    const consumption = start();
    await time.pass(10);
    consumption.unsubscribe();
    await time.pass(100);
    expect(jobs).toEqual([]);
    expect(await queue.counts()).toEqual({ waiting: 1, claimed: 0, dead: 0 });
  });

  it('asks again a queue that cannot be reached, and ends when it is closed', async () => {
    let broken = true;
    const heard: string[] = [];
    const { time, queue, jobs, ends, start, enqueue } = stage({}, (inner) => ({
      claim: async (options) => {
        if (broken) throw unavailable();
        return inner.claim(options);
      },
    }));
    await enqueue('a');
    start({ onTrouble: ({ code }) => heard.push(code), pauseMs: 100 });
    await time.pass(250);
    expect(heard).toEqual(['queue-unavailable', 'queue-unavailable', 'queue-unavailable']);
    broken = false;
    await time.pass(100);
    expect(jobs).toHaveLength(1);
    await jobs[0]!.ack();
    await queue.dispose();
    await time.pass(1);
    expect(ends).toEqual([expect.objectContaining({ code: 'queue-closed' })]);
  });

  it('waits as long as it takes', async () => {
    const { time, jobs, start, enqueue } = stage();
    const consumption = start();
    await time.pass(130_000);
    await enqueue('a');
    await time.pass(1);
    expect(jobs).toHaveLength(1);
    consumption.unsubscribe();
  });

  it.each(['concurrency', 'graceMs', 'pauseMs'])('refuses a wrong %s', (name) => {
    expect(() => consume(createMemoryQueue(), { [name]: -1 })).toThrow(name);
  });
});
