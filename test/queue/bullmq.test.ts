import * as bullmq from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bullmq, type BullmqJob, type BullmqQueueOptions, createBullmqQueue } from '../../src/queue/bullmq.js';
import type { Queue } from '../../src/queue/queue.js';
import { queueLaws } from '../../src/testing/queue-laws.js';
import { type RedisServer, redisPath, startRedis } from '../servers/redis.js';
import { VirtualTime } from '../virtual-time.js';

describe.skipIf(redisPath === undefined)('createBullmqQueue', () => {
  let server: RedisServer;
  let queues = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => await server.dispose());

  const open = (options: Partial<BullmqQueueOptions>, name = `queue/${queues++}`): Queue =>
    createBullmqQueue(name, { bullmq, connection: { host: '127.0.0.1', port: server.port }, pollMs: 10, ...options });

  queueLaws('a queue through BullMQ', (options) => ({ queue: open(options) }));

  it('takes any name, also a connection that is open', async () => {
    const queue = open({}, 'runs/17:a b');
    await queue.enqueue('x', { id: 'a' });
    expect(await open({}, 'runs/17:a c').claim()).toBeUndefined();
    expect(await queue.claim()).toMatchObject({ id: 'a' });
    const client = new Redis({ port: server.port, maxRetriesPerRequest: null });
    const other = open({ connection: client }, 'runs/17:a b');
    expect(await other.counts()).toEqual({ waiting: 0, claimed: 1, dead: 0 });
    await other.dispose();
    await queue.dispose();
    client.disconnect();
  });

  it('shares a queue with whoever has its name', async () => {
    const [one, other] = [open({}, 'shared'), open({}, 'shared')];
    const waiting = other.claim({ waitMs: 30_000 });
    await one.enqueue('x', { id: 'a' });
    const job = await waiting;
    expect(job).toMatchObject({ id: 'a', payload: 'x' });
    await job!.ack();
    await one.dispose();
    await other.dispose();
  });
});

describe('createBullmqQueue without a server', () => {
  it('says that Redis cannot be reached, and lets go of it', async () => {
    const connection = { host: '127.0.0.1', port: 1 };
    const queue = createBullmqQueue('a', { bullmq, connection, patienceMs: 100 });
    await expect(queue.enqueue('x')).rejects.toMatchObject({ code: 'queue-unavailable' });
    await expect(queue.claim()).rejects.toMatchObject({ code: 'queue-unavailable' });
    await queue.dispose();
  });

  it.each(['pollMs', 'patienceMs', 'leaseMs'])('refuses a wrong %s', (name) => {
    expect(() => createBullmqQueue('a', { bullmq, connection: {}, [name]: -1 })).toThrow(name);
    expect(() => createBullmqQueue('..', { bullmq, connection: {} })).toThrow('name');
  });
});

describe('createBullmqQueue on a BullMQ that is slow', () => {
  /** A BullMQ that answers when it is told to. */
  const slow = () => {
    const answers: ((job: BullmqJob | undefined) => void)[] = [];
    const released: string[] = [];
    const job = {
      id: 'j-a',
      data: { payload: 'x', maxAttempts: 3 },
      opts: {},
      attemptsStarted: 1,
      attemptsMade: 0,
      stalledCounter: 0,
      moveToWait: async () => released.push('a'),
    } as unknown as BullmqJob;
    const Worker = class {
      getNextJob = () => new Promise((resolve) => answers.push(resolve));
      startStalledCheckTimer = () => Promise.reject(new Error('no'));
      on = () => {};
      close = async () => {};
    };
    const Queue = class {
      on = () => {};
      close = () => Promise.reject(new Error('no'));
    };
    const time = new VirtualTime();
    const fake = { Worker, Queue } as unknown as Bullmq;
    const options = { bullmq: fake, connection: {}, scheduler: time, patienceMs: 100, pollMs: 10 };
    return { time, queue: createBullmqQueue('a', options), answers, job, released };
  };

  it('gives back a job that comes when patience has ended', async () => {
    const { time, queue, answers, job, released } = slow();
    const claim = queue.claim({ waitMs: 1000 });
    await expect(time.until(claim)).rejects.toMatchObject({ code: 'queue-unavailable' });
    expect(released).toEqual([]);
    answers[0]!(job);
    await time.pass(1);
    expect(released).toEqual(['a']);
    await queue.dispose();
  });

  it('gives back a job whose claim was given up meanwhile', async () => {
    const { time, queue, answers, job, released } = slow();
    const leaving = new AbortController();
    const first = queue.claim({ waitMs: 1000, signal: leaving.signal });
    leaving.abort();
    answers[0]!(job);
    expect(await time.until(first)).toBeUndefined();
    expect(released).toEqual(['a']);
    const second = queue.claim({ waitMs: 5 });
    await time.pass(0);
    answers[1]!(undefined);
    expect(await time.until(second)).toBeUndefined();
    // It was asked once more behind the first answer.
    answers[2]!(job);
    await time.pass(1);
    expect(released).toEqual(['a', 'a']);
    await queue.dispose();
  });

  it('does not wait for a claim that was given up while Redis had no job', async () => {
    const { time, queue, answers } = slow();
    const leaving = new AbortController();
    const claim = queue.claim({ waitMs: 1000, signal: leaving.signal });
    leaving.abort();
    answers[0]!(undefined);
    await time.pass(0);
    expect(await time.until(claim, 1)).toBeUndefined();
    await queue.dispose();
  });

  it('tells every claim that waits', async () => {
    const { time, queue, answers } = slow();
    const claims = [0, 1].map(async () => queue.claim({ waitMs: 1000 }));
    const outcomes = Promise.allSettled(claims);
    await time.pass(0);
    for (const answer of answers) answer(undefined);
    const settled = await time.until(outcomes);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await queue.dispose();
  });

  it('answers a claim that waits when it is disposed of', async () => {
    const { time, queue, answers } = slow();
    const claim = queue.claim({ waitMs: 1000 });
    const disposed = queue.dispose();
    answers[0]!(undefined);
    expect(await time.until(claim)).toBeUndefined();
    await time.until(disposed);
    expect(time.actions).toEqual([]);
  });
});
