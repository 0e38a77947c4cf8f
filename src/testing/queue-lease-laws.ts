import { expect } from 'vitest';
import type { ClaimedJob } from '../queue/queue.js';
import type { QueueCheck } from './queue-laws.js';
import { hasNoSay, isLost, type QueueStage } from './queue-stage.js';

/** Leases that run out while a law is checked. */
const leaseMs = 1000;

/** @internal The laws of what becomes of a job that is not acknowledged. */
export const leaseLaws: readonly QueueCheck[] = [
  ['gives a job to another when its lease has run out, under a higher attempt', passesOn, { leaseMs }],
  ['leaves a job to whoever renews its lease', renews, { leaseMs }],
  ['refuses who has lost a lease, whatever becomes of the job', refusesTheLate, { leaseMs, maxAttempts: 9 }],
  ['counts a lease that ran out as a failure', countsTheSilent, { leaseMs, maxAttempts: 2 }],
  ['tries a job again that has failed, as often as it may', triesAgain, { maxAttempts: 3 }],
  ['waits before it tries again', waitsBeforeAgain, { retryMs: 60_000, maxRetryMs: 60_000 }],
  ['never tries again what is not worth it', buries],
  ['gives back at once what is released, and counts no failure', releases, { maxAttempts: 2 }],
  ['tries a dead letter anew, counting its attempts on', triesAnew, { maxAttempts: 2 }],
  ['lists dead letters, the oldest first, and keeps the newest', listsLetters, { maxDead: 3, maxAttempts: 1 }],
  ['has every job done once or dead, whoever fails', endsAll, { maxAttempts: 3 }],
];

async function passesOn(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  const first = await stage.claim();
  const second = await stage.claim();
  expect(second).toMatchObject({ id: 'a', payload: 'a' });
  expect(second.attempt).toBeGreaterThan(first.attempt);
  await hasNoSay(first);
  // Its attempts to have a say have done nothing.
  const third = isLost(await refusal(second)) ? await stage.done() : second;
  expect(third.attempt).toBeGreaterThanOrEqual(second.attempt);
  await stage.holds(0, 0, 0);
}

async function renews(stage: QueueStage): Promise<void> {
  // On a machine that stalls, a lease may run out that was to be renewed: then nothing is learnt.
  for (let tries = 0; tries < 10; tries++) {
    await stage.jobs('a');
    const job = await stage.claim();
    const slowest = await loses(stage, job);
    if (slowest === undefined) return;
    expect(slowest, 'a lease was renewed in time, and yet was lost').toBeGreaterThan(leaseMs / 2);
    await stage.queue.remove('a');
    if ((await stage.queue.counts()).claimed > 0) await stage.done();
  }
  expect.fail('the machine is too slow to renew a lease');
}

/** Renews a lease often, then acknowledges. Answers how slow it was, if it lost the job. */
async function loses(stage: QueueStage, job: ClaimedJob): Promise<number | undefined> {
  let [renewed, slowest] = [performance.now(), 0];
  const lap = (): void => {
    slowest = Math.max(slowest, performance.now() - renewed);
    renewed = performance.now();
  };
  try {
    for (let waited = 0; waited < 3 * leaseMs; waited += leaseMs / 10) {
      await stage.advance(leaseMs / 10);
      const other = await stage.queue.claim();
      lap();
      if (other !== undefined) return slowest;
      await job.renew();
    }
    await job.ack();
    return undefined;
  } catch (error) {
    lap();
    if (!isLost(error)) throw error;
    return slowest;
  }
}

async function refusesTheLate(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  const first = await stage.claim();
  const second = await stage.claim();
  await hasNoSay(first);
  // Whatever the second does, the first still has no say.
  await second.release().catch(() => {});
  await hasNoSay(first);
  await hasNoSay(second);
  await stage.done();
  await hasNoSay(first);
  await hasNoSay(second);
  await stage.holds(0, 0, 0);
}

async function countsTheSilent(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  const first = await stage.claim();
  const second = await stage.claim();
  expect(second.attempt).toBeGreaterThan(first.attempt);
  // It is looked at when somebody asks for jobs.
  await stage.until('the job is dead', async () => {
    await stage.nothing();
    return (await stage.queue.counts()).dead === 1;
  });
  await stage.holds(0, 0, 1);
  const [letter] = await stage.queue.dead();
  expect(letter).toMatchObject({ id: 'a', payload: 'a', maxAttempts: 2, reason: 'the lease ran out' });
  expect(letter!.attempt).toBeGreaterThanOrEqual(second.attempt);
  await hasNoSay(second);
}

async function triesAgain(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  const attempts: number[] = [];
  for (const end of ['waiting', 'waiting', 'dead']) {
    const job = await stage.claim();
    attempts.push(job.attempt);
    expect(await job.fail(`failure ${job.attempt}`)).toBe(end);
    await hasNoSay(job);
  }
  expect(attempts).toEqual([1, 2, 3]);
  await stage.holds(0, 0, 1);
  expect(await stage.queue.dead()).toEqual([
    { id: 'a', payload: 'a', attempt: 3, maxAttempts: 3, reason: 'failure 3' },
  ]);
  await stage.nothing();
}

async function waitsBeforeAgain(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  expect(await (await stage.claim()).fail('not now')).toBe('waiting');
  await stage.nothing();
  await stage.jobs('b');
  expect(await (await stage.claim()).fail('soon', { delayMs: 200 })).toBe('waiting');
  await stage.holds(2, 0, 0);
  expect(await stage.claim()).toMatchObject({ id: 'b', attempt: 2 });
  await stage.nothing();
}

async function buries(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  expect(await (await stage.claim()).fail('never', { final: true })).toBe('dead');
  expect(await stage.queue.dead()).toMatchObject([{ id: 'a', attempt: 1, reason: 'never' }]);
  await stage.nothing();
}

async function releases(stage: QueueStage): Promise<void> {
  await stage.jobs('a');
  for (let attempt = 1; attempt <= 5; attempt++) {
    const job = await stage.claim();
    expect(job.attempt).toBe(attempt);
    await job.release();
    await hasNoSay(job);
    await stage.holds(1, 0, 0);
  }
  expect(await (await stage.claim()).fail('once')).toBe('waiting');
  expect(await (await stage.claim()).fail('twice')).toBe('dead');
}

async function triesAnew(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await stage.jobs('a');
  for (const attempt of [1, 3, 5]) {
    expect((await fail(stage)).attempt).toBe(attempt);
    expect((await fail(stage)).attempt).toBe(attempt + 1);
    await stage.holds(0, 0, 1);
    expect(await queue.requeue('a')).toBe(true);
    expect(await queue.requeue('a'), 'once more').toBe(false);
    await stage.holds(1, 0, 0);
  }
  const job = await stage.claim();
  expect(job).toMatchObject({ id: 'a', payload: 'a', attempt: 7, maxAttempts: 2 });
  await job.ack();
  expect(await queue.dead()).toEqual([]);
}

async function listsLetters(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  for (const id of ['a', 'b', 'c', 'd']) {
    await stage.jobs(id);
    await fail(stage);
    // So that they have not all died in one millisecond.
    await stage.advance(5);
  }
  const ids = async (limit?: number) => (await queue.dead(limit)).map(({ id }) => id);
  await stage.holds(0, 0, 3);
  expect(await ids()).toEqual(['b', 'c', 'd']);
  expect(await ids(2)).toEqual(['b', 'c']);
  expect(await queue.remove('c')).toBe(true);
  expect(await ids()).toEqual(['b', 'd']);
  const { id } = await queue.enqueue('x');
  await stage.claim();
  expect(await queue.requeue(id), 'of a job that is not dead').toBe(false);
}

async function endsAll(stage: QueueStage): Promise<void> {
  const ids = Array.from({ length: 40 }, (_, n) => `job ${n}`);
  await stage.jobs(...ids);
  const acked: string[] = [];
  let [state, ended] = [7, 0];
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const worker = async (): Promise<void> => {
    while (ended < ids.length) {
      const job = await stage.queue.claim({ waitMs: 20 });
      if (job === undefined) continue;
      const chance = random();
      if (chance < 0.2) await job.release();
      else if (chance < 0.6) {
        if ((await job.fail('by chance')) === 'dead') ended++;
      } else {
        await job.ack();
        acked.push(job.id);
        ended++;
      }
    }
  };
  await stage.settled(Promise.all([0, 1, 2, 3].map(worker)));
  const dead = (await stage.queue.dead()).map(({ id }) => id);
  expect([...acked, ...dead].toSorted()).toEqual(ids.toSorted());
  expect(dead.length).toBeGreaterThan(0);
  await stage.holds(0, 0, dead.length);
}

async function fail(stage: QueueStage): Promise<ClaimedJob> {
  const job = await stage.claim();
  await job.fail('no');
  return job;
}

/** Acknowledges a job, and answers what it was refused with. */
async function refusal(job: ClaimedJob): Promise<unknown> {
  try {
    await job.ack();
    return undefined;
  } catch (error) {
    return error;
  }
}
