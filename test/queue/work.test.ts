import { describe, expect, it } from 'vitest';
import { createMemoryQueue } from '../../src/queue/memory.js';
import { type Handle, type Outcome, work, type WorkOptions } from '../../src/queue/work.js';
import { VirtualTime } from '../virtual-time.js';

function stage(handle: (...given: Parameters<Handle>) => unknown, options: WorkOptions = {}) {
  const time = new VirtualTime();
  const queue = createMemoryQueue({ leaseMs: 300, maxAttempts: 2, retryMs: 100, random: () => 1, scheduler: time });
  const outcomes: Outcome[] = [];
  const start = () => work(queue, handle, { scheduler: time, ...options }).subscribe((one) => void outcomes.push(one));
  return { time, queue, outcomes, start };
}

const ends = (outcomes: readonly Outcome[]) => outcomes.map(({ id, attempt, status }) => `${id} ${attempt} ${status}`);

describe('work', () => {
  it('acknowledges what is done', async () => {
    const done: unknown[] = [];
    const { time, queue, outcomes, start } = stage(({ payload }) => done.push(payload));
    await queue.enqueue({ n: 1 }, { id: 'a' });
    await queue.enqueue({ n: 2 }, { id: 'b' });
    const working = start();
    await time.pass(10);
    expect(done).toEqual([{ n: 1 }, { n: 2 }]);
    expect(outcomes).toEqual([
      { id: 'a', attempt: 1, status: 'done' },
      { id: 'b', attempt: 1, status: 'done' },
    ]);
    expect(await queue.counts()).toEqual({ waiting: 0, claimed: 0, dead: 0 });
    working.unsubscribe();
    expect(time.actions).toEqual([]);
  });

  it('tries again what has thrown or rejected, until it is dead', async () => {
    const trouble = new Error('out of paper');
    const { time, queue, outcomes, start } = stage(async ({ attempt }) => {
      await time.wait(attempt);
      throw trouble;
    });
    await queue.enqueue('x', { id: 'a' });
    const working = start();
    await time.pass(90);
    expect(outcomes).toEqual([{ id: 'a', attempt: 1, status: 'waiting', error: trouble }]);
    await time.pass(100);
    expect(ends(outcomes)).toEqual(['a 1 waiting', 'a 2 dead']);
    expect(await queue.dead()).toMatchObject([{ id: 'a', attempt: 2, reason: 'out of paper' }]);
    working.unsubscribe();
  });

  it('does not try again what is not worth it', async () => {
    const fail = ({ payload }: { payload: unknown }) => {
      throw new Error(`${JSON.stringify(payload)} is wrong`);
    };
    const { time, queue, outcomes, start } = stage(fail, {
      isRetryable: (error, { attempt }) => attempt === 1 && (error as Error).message.includes('2'),
    });
    await queue.enqueue(1, { id: 'a' });
    await queue.enqueue(2, { id: 'b' });
    const working = start();
    await time.pass(10);
    expect(ends(outcomes)).toEqual(['a 1 dead', 'b 1 waiting']);
    working.unsubscribe();
  });

  it('tries again what nobody can say of whether it is worth it', async () => {
    const { time, queue, outcomes, start } = stage(() => Promise.reject(new Error('no')), {
      isRetryable: () => {
        throw new Error('neither');
      },
    });
    await queue.enqueue('x', { id: 'a' });
    await queue.enqueue('x', { id: 'b' });
    const working = start();
    await time.pass(10);
    expect(ends(outcomes)).toEqual(['a 1 waiting', 'b 1 waiting']);
    expect(await queue.counts()).toEqual({ waiting: 2, claimed: 0, dead: 0 });
    working.unsubscribe();
  });

  it('works on many at a time, each as long as it takes', async () => {
    const { time, queue, outcomes, start } = stage(() => time.wait(1000), { concurrency: 3 });
    for (const id of ['a', 'b', 'c', 'd']) await queue.enqueue('x', { id });
    const working = start();
    await time.pass(10);
    expect(await queue.counts()).toEqual({ waiting: 1, claimed: 3, dead: 0 });
    await time.pass(1000);
    expect(ends(outcomes)).toEqual(['a 1 done', 'b 1 done', 'c 1 done']);
    await time.pass(1000);
    expect(outcomes).toHaveLength(4);
    working.unsubscribe();
  });

  it('gives up on a worker that never answers, when it is told how long', async () => {
    const reasons: unknown[] = [];
    const handle: Handle = (_, signal) => {
      signal.addEventListener('abort', () => reasons.push((signal.reason as Error).message));
      return new Promise(() => {});
    };
    const { time, queue, outcomes, start } = stage(handle, { timeoutMs: 500 });
    await queue.enqueue('x', { id: 'a' });
    const working = start();
    await time.pass(2000);
    expect(ends(outcomes)).toEqual(['a 1 waiting', 'a 2 dead']);
    expect(reasons).toEqual(Array(2).fill('the attempt has taken more than 500 ms'));
    expect(await queue.dead()).toMatchObject([{ reason: 'the attempt has taken more than 500 ms' }]);
    working.unsubscribe();
    expect(time.actions).toEqual([]);
  });

  it('gives back what it works on when nobody listens any more', async () => {
    const signals: AbortSignal[] = [];
    const { time, queue, outcomes, start } = stage((_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    await queue.enqueue('x', { id: 'a' });
    const working = start();
    await time.pass(10);
    working.unsubscribe();
    await time.pass(10);
    expect(signals[0]!.reason).toMatchObject({ code: 'lease-lost' });
    expect(await queue.claim()).toMatchObject({ id: 'a', attempt: 2 });
    expect(outcomes).toEqual([]);
  });

  it('says that a job is lost which another has', async () => {
    const { time, queue, outcomes, start } = stage(async (job) => {
      // The lease of this one is not renewed in time.
      await job.release();
      await queue.claim();
      if (job.payload === 'throws') throw new Error('too late');
    });
    await queue.enqueue('x', { id: 'a' });
    await queue.enqueue('throws', { id: 'b' });
    const working = start();
    await time.pass(10);
    expect(ends(outcomes).slice(0, 2)).toEqual(['a 1 lost', 'b 1 lost']);
    working.unsubscribe();
  });

  it('says so when the lease is lost meanwhile', async () => {
    const { time, queue, outcomes, start } = stage(() => new Promise(() => {}));
    const inner = queue.claim.bind(queue);
    queue.claim = async (options) => {
      const job = await inner(options);
      return job && { ...job, renew: () => job.ack().then(() => job.renew()) };
    };
    await queue.enqueue('x', { id: 'a' });
    const working = start();
    await time.pass(200);
    expect(ends(outcomes)).toEqual(['a 1 lost']);
    expect(outcomes[0]!.error).toMatchObject({ code: 'lease-lost' });
    working.unsubscribe();
  });

  it('refuses what is no handle and no time', () => {
    expect(() => work(createMemoryQueue(), 7 as never)).toThrow(TypeError);
    expect(() => work(createMemoryQueue(), () => {}, { timeoutMs: 0 })).toThrow('timeoutMs');
  });
});
