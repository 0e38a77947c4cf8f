import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../chunk/index.js';
import type { ClaimedJob, QueueOptions } from '../queue/queue.js';
import { leaseLaws } from './queue-lease-laws.js';
import { everything, hasNoSay, QueueStage, type QueueUnderTest, refusedCall, refusedJob } from './queue-stage.js';

/** Makes an empty queue with these options. */
export type MakeQueue = (options: QueueOptions) => QueueUnderTest | Promise<QueueUnderTest>;

/**
 * Runs the laws every queue keeps, as a `describe` of their own: each job to one at a time and in order, delays, ids, leases and
 * who has lost one, failures and dead letters, bounds, what waits and leaves.
 *
 * @param make - called once for each law
 *
 * @example
 * queueLaws('memory', (options) => ({ queue: createMemoryQueue(options) }));
 */
export function queueLaws(name: string, make: MakeQueue): void {
  describe(`${name} keeps the laws of queues:`, () => {
    for (const { title, check } of queueLawsOf(make)) it(title, check, 120_000);
  });
}

/** @internal One law, checked on one queue. */
export interface QueueLaw {
  readonly title: string;
  check(): Promise<void>;
}

/** @internal A law as it is written down, and the options its queue has beside the usual. */
export type QueueCheck = readonly [title: string, check: (stage: QueueStage) => Promise<void>, options?: QueueOptions];

/** Leases that do not run out while a law is checked, and hardly a wait between attempts. */
const usual: QueueOptions = { leaseMs: 60_000, retryMs: 10, maxRetryMs: 10 };

/** @internal The laws, each with its check: what {@link queueLaws} registers. */
export function queueLawsOf(make: MakeQueue): readonly QueueLaw[] {
  return [...laws, ...leaseLaws].map(([title, check, options]) => ({
    title,
    check: async () => {
      const stage = new QueueStage(await make({ ...usual, ...options }));
      try {
        await check(stage);
      } finally {
        await stage.dispose();
      }
    },
  }));
}

const laws: readonly QueueCheck[] = [
  ['gives a job as it was enqueued, and forgets it when it is acknowledged', givesAsItWas],
  ['keeps a payload as it was when it was handed over', keepsItsOwn],
  ['gives the first first', givesInOrder],
  ['gives each job to one claimer', givesToOne],
  ['has nothing where there is nothing', hasNothing],
  ['waits for a job as long as it is told', waitsForJobs],
  ['lets a claim go that is given up, and no job with it', letsClaimsGo],
  ['gives a job no earlier than it is told, and others meanwhile', delays],
  ['takes one job of an id, as long as it knows it', takesOneOfAnId],
  ['takes any id', takesAnyId],
  ['removes what waits', removes],
  ['takes as many jobs as it may, and finishes them when it is full', isBounded, { maxJobs: 3, maxAttempts: 2 }],
  ['refuses what is no job', refusesWhatIsNoJob, { maxPayloadBytes: 100 }],
  ['refuses arguments that make no sense', refusesNonsense],
  ['is over when it is disposed of', isOver],
];

async function givesAsItWas(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  for (const payload of [everything, null, 0, '', false, []] satisfies JsonValue[]) {
    const { id } = await queue.enqueue(payload, { maxAttempts: 7 });
    const job = await stage.claim();
    expect(job).toMatchObject({ id, payload, attempt: 1, maxAttempts: 7 });
    expect(job.payload).toEqual(payload);
    await stage.holds(0, 1, 0);
    await job.ack();
    await stage.holds(0, 0, 0);
    await hasNoSay(job);
  }
  await stage.nothing();
}

async function keepsItsOwn(stage: QueueStage): Promise<void> {
  const payload = { list: [1] };
  const enqueued = stage.queue.enqueue(payload);
  payload.list.push(2);
  await enqueued;
  payload.list.push(3);
  const job = await stage.claim();
  expect(job.payload).toEqual({ list: [1] });
  (job.payload as { list: number[] }).list.push(4);
  await job.release();
  expect((await stage.claim()).payload).toEqual({ list: [1] });
}

async function givesInOrder(stage: QueueStage): Promise<void> {
  const ids = Array.from({ length: 20 }, (_, n) => `job ${n}`);
  await stage.jobs(...ids);
  await stage.holds(20, 0, 0);
  const given: string[] = [];
  for (const _ of ids) given.push((await stage.claim()).id);
  expect(given).toEqual(ids);
}

async function givesToOne(stage: QueueStage): Promise<void> {
  const ids = Array.from({ length: 20 }, (_, n) => `job ${n}`);
  await stage.jobs(...ids);
  const wanted = stage.patienceMs;
  const jobs = await stage.settled(
    Promise.all(ids.map(async (_, n) => stage.queue.claim(n % 2 === 0 ? { waitMs: wanted } : {}))),
  );
  const given = jobs.filter((job) => job !== undefined);
  // One that does not wait may come away with nothing while others ask.
  while (given.length < ids.length) given.push(await stage.claim());
  expect(given.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  await stage.nothing();
  await Promise.all(given.map(async (job) => job.ack()));
  await stage.holds(0, 0, 0);
}

async function hasNothing(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await stage.nothing();
  expect(await stage.settled(queue.claim({ waitMs: 20 }))).toBeUndefined();
  await stage.holds(0, 0, 0);
  expect(await queue.dead()).toEqual([]);
  expect(await queue.remove('nothing')).toBe(false);
  expect(await queue.requeue('nothing')).toBe(false);
}

async function waitsForJobs(stage: QueueStage): Promise<void> {
  const waiting = [0, 1, 2].map(async () => stage.queue.claim({ waitMs: stage.patienceMs }));
  await stage.advance(50);
  await stage.jobs('a', 'b', 'c');
  const jobs = await stage.settled(Promise.all(waiting));
  expect(new Set(jobs.map((job) => job?.id))).toEqual(new Set(['a', 'b', 'c']));
}

async function letsClaimsGo(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  const leaving = new AbortController();
  const long = { waitMs: 10 * stage.patienceMs, signal: leaving.signal };
  const claim = queue.claim(long);
  await stage.advance(50);
  leaving.abort();
  expect(await stage.settled(claim)).toBeUndefined();
  expect(await stage.settled(queue.claim(long)), 'of one who has left before').toBeUndefined();
  await stage.jobs('a');
  const job = await stage.claim();
  expect(job.id).toBe('a');
  await job.ack();
}

async function delays(stage: QueueStage): Promise<void> {
  await stage.job('late', { delayMs: 60_000 });
  await stage.job('now');
  await stage.job('soon', { delayMs: 300 });
  await stage.holds(3, 0, 0);
  expect((await stage.claim()).id).toBe('now');
  expect((await stage.claim()).id).toBe('soon');
  await stage.nothing();
  await stage.holds(1, 2, 0);
}

async function takesOneOfAnId(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  const again = async () => (await queue.enqueue('again', { id: 'a' })).duplicate;
  await stage.job('a', { maxAttempts: 1 });
  expect(await again(), 'while it waits').toBe(true);
  const job = await stage.claim();
  expect(job.payload).toBe('a');
  expect(await again(), 'while it is claimed').toBe(true);
  await job.fail('no');
  expect(await again(), 'while it is a dead letter').toBe(true);
  await stage.holds(0, 0, 1);
  expect(await queue.remove('a')).toBe(true);
  expect(await again(), 'when it is gone').toBe(false);
  const other = await stage.claim();
  expect(other).toMatchObject({ id: 'a', payload: 'again', attempt: 1 });
  await other.ack();
  expect(await again(), 'when it is done').toBe(false);
  const many = await Promise.all([0, 1, 2].map(async (n) => queue.enqueue(n, { id: 'at once' })));
  expect(many.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
}

async function takesAnyId(stage: QueueStage): Promise<void> {
  const ids = [
    '17',
    '0',
    'a b',
    'a.b',
    'a*b',
    'a>b',
    'a:b:c',
    '%41',
    'A',
    'a/../b',
    '😀',
    "(')!~",
    '__proto__',
    'x'.repeat(256),
  ];
  await stage.jobs(...ids);
  const given: ClaimedJob[] = [];
  for (const _ of ids) given.push(await stage.claim());
  expect(given.map(({ id }) => id)).toEqual(ids);
  for (const job of given) await job.fail('no', { final: true });
  for (const id of ids) expect(await stage.queue.remove(id), id).toBe(true);
}

async function removes(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await stage.jobs('a', 'b', 'c');
  await stage.job('later', { delayMs: 60_000 });
  expect(await queue.remove('b')).toBe(true);
  expect(await queue.remove('later')).toBe(true);
  expect(await queue.remove('b'), 'once more').toBe(false);
  const job = await stage.claim();
  expect(job.id).toBe('a');
  expect(await queue.remove('a'), 'while it is claimed').toBe(false);
  await job.ack();
  await stage.holds(1, 0, 0);
  expect((await stage.claim()).id).toBe('c');
}

async function isBounded(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await stage.jobs('a', 'b');
  await stage.job('c', { delayMs: 60_000 });
  await refusedJob('queue-full', () => queue.enqueue('d', { id: 'd' }));
  const [a, b] = [await stage.claim(), await stage.claim()];
  await refusedJob('queue-full', () => queue.enqueue('d'));
  await a.renew();
  expect(await a.fail('once')).toBe('waiting');
  await b.ack();
  await stage.holds(2, 0, 0);
  await stage.job('d');
  await refusedJob('queue-full', () => queue.enqueue('e'));
  const jobs = [await stage.claim(), await stage.claim()];
  expect(jobs.map(({ id }) => id).toSorted()).toEqual(['a', 'd']);
  for (const job of jobs) await job.ack();
  await stage.holds(1, 0, 0);
}

async function refusesWhatIsNoJob(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const none = [undefined, () => 1, Symbol('x'), 1n, NaN, { a: undefined }, [new Date()], '\ud800', cycle];
  for (const payload of none) await refusedJob('job-invalid', () => queue.enqueue(payload as never));
  for (const id of ['', 'x'.repeat(257), '\ud800', 7]) {
    await refusedJob('job-invalid', () => queue.enqueue('x', { id: id as never }));
    await refusedJob('job-invalid', () => queue.remove(id as never));
    await refusedJob('job-invalid', () => queue.requeue(id as never));
  }
  await queue.enqueue('x'.repeat(98));
  await refusedJob('job-too-large', () => queue.enqueue('x'.repeat(99)));
  await refusedJob('job-too-large', () => queue.enqueue('é'.repeat(50)));
  await stage.holds(1, 0, 0);
}

async function refusesNonsense(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await refusedCall('delayMs', () => queue.enqueue('x', { delayMs: -1 }));
  await refusedCall('delayMs', () => queue.enqueue('x', { delayMs: 2 ** 31 }));
  await refusedCall('maxAttempts', () => queue.enqueue('x', { maxAttempts: 0 }));
  await refusedCall('waitMs', () => queue.claim({ waitMs: -1 }));
  await refusedCall('limit', () => queue.dead(0));
  await stage.jobs('a');
  const job = await stage.claim();
  await refusedCall('delayMs', () => job.fail('x', { delayMs: 1.5 }));
  await refusedCall('reason', () => job.fail(new Error('x') as never));
  await stage.holds(0, 1, 0);
  // It is still its claimer's.
  await job.ack();
}

async function isOver(stage: QueueStage): Promise<void> {
  const { queue } = stage;
  await stage.jobs('a');
  const job = await stage.claim();
  const waiting = queue.claim({ waitMs: 10 * stage.patienceMs });
  await stage.advance(20);
  await queue.dispose();
  expect(await stage.settled(waiting)).toBeUndefined();
  await queue.dispose();
  for (const call of [
    () => queue.enqueue('x'),
    () => queue.claim(),
    () => queue.remove('a'),
    () => queue.dead(),
    () => queue.requeue('a'),
    () => queue.counts(),
    () => job.renew(),
    () => job.ack(),
    () => job.fail('x'),
    () => job.release(),
  ]) {
    await refusedJob('queue-closed', call);
  }
}
