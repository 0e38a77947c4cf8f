import { expect } from 'vitest';
import { type ErrorCode, type JsonValue, StreamError } from '../chunk/index.js';
import type { ClaimedJob, EnqueueOptions, Queue } from '../queue/queue.js';

/** A queue, empty, and what a test needs beside it. */
export interface QueueUnderTest {
  readonly queue: Queue;
  /** Lets time pass for the queue. Default: real time is waited for. */
  advance?(ms: number): void | Promise<void>;
  /** How long a check waits for what must come, in milliseconds. Default 20 000. */
  readonly patienceMs?: number;
  /** Removes what the queue leaves behind, after it was disposed of. */
  dispose?(): void | Promise<void>;
}

/** @internal One queue on which one law is checked, and the moves that checks share. */
export class QueueStage {
  readonly queue: Queue;
  readonly patienceMs: number;

  constructor(private readonly subject: QueueUnderTest) {
    this.queue = subject.queue;
    this.patienceMs = subject.patienceMs ?? 20_000;
  }

  /** Enqueues jobs whose ids are their payloads. */
  async jobs(...ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.job(id);
  }

  async job(id: string, options?: EnqueueOptions): Promise<void> {
    expect(await this.queue.enqueue(id, { ...options, id })).toEqual({ id, duplicate: false });
  }

  /** Claims a job, which must come. */
  async claim(): Promise<ClaimedJob> {
    const job = await this.settled(this.queue.claim({ waitMs: this.patienceMs }));
    if (job === undefined) expect.fail(`waited ${this.patienceMs} ms in vain for a job`);
    return job;
  }

  /** Claims a job and acknowledges it: anew where the machine was too slow for the lease. */
  async done(): Promise<ClaimedJob> {
    for (;;) {
      const job = await this.claim();
      try {
        await job.ack();
        return job;
      } catch (error) {
        if (!isLost(error)) throw error;
      }
    }
  }

  /** Nobody gets a job now. */
  async nothing(): Promise<void> {
    expect(await this.queue.claim(), 'a job that nobody should get').toBeUndefined();
  }

  async advance(ms: number): Promise<void> {
    if (this.subject.advance === undefined) await pause(ms);
    else await this.subject.advance(ms);
  }

  /** Waits for what must come, and lets time pass where it does not by itself. */
  async settled<T>(coming: Promise<T>): Promise<T> {
    let over = false;
    const answer = coming.finally(() => (over = true));
    const settled = answer.catch(() => {});
    // What waits as long as patience lasts must get its answer.
    const longest = 2 * this.patienceMs;
    const realTime = this.subject.advance === undefined;
    if (realTime) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([settled, new Promise((resolve) => (timer = setTimeout(resolve, longest)))]);
      clearTimeout(timer);
    }
    for (let waited = 0; !over && !realTime && waited < longest; waited += 10) {
      await this.advance(10);
      await pause(0);
    }
    if (!over) expect.fail(`waited ${longest} ms in vain for an answer`);
    return await answer;
  }

  /** Waits until something holds. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; !(await holds()); waited += 10) {
      if (waited > this.patienceMs) expect.fail(`waited ${this.patienceMs} ms in vain until ${what}`);
      await this.advance(10);
    }
  }

  /** Waits until so many jobs wait, are claimed and are dead: a queue may hear of what has happened a moment later. */
  async holds(waiting: number, claimed: number, dead: number): Promise<void> {
    const wanted = JSON.stringify({ waiting, claimed, dead });
    await this.until(`the queue holds ${wanted}`, async () => {
      const counts = await this.queue.counts();
      return wanted === JSON.stringify({ waiting: counts.waiting, claimed: counts.claimed, dead: counts.dead });
    });
  }

  async dispose(): Promise<void> {
    await this.queue.dispose();
    await this.subject.dispose?.();
  }
}

/** @internal Expects work to be refused with this code. */
export async function refusedJob(code: ErrorCode, work: () => Promise<unknown>): Promise<void> {
  const thrown = await thrownBy(work);
  expect(thrown, `refused with ${code}`).toBeInstanceOf(StreamError);
  expect((thrown as StreamError).code).toBe(code);
}

/** @internal Expects a call that makes no sense to be refused by the option's name. */
export async function refusedCall(name: string, work: () => Promise<unknown>): Promise<void> {
  const thrown = await thrownBy(work);
  expect(thrown instanceof TypeError || thrown instanceof RangeError, `${name} is refused`).toBe(true);
  expect((thrown as Error).message).toContain(name);
}

/** @internal Everything a claimer can do with a job it has no longer. */
export async function hasNoSay(job: ClaimedJob): Promise<void> {
  await refusedJob('lease-lost', () => job.renew());
  await refusedJob('lease-lost', () => job.ack());
  await refusedJob('lease-lost', () => job.fail('too late'));
  await refusedJob('lease-lost', () => job.release());
}

/** @internal Whether a job was lost to another. */
export function isLost(error: unknown): boolean {
  return error instanceof StreamError && error.code === 'lease-lost';
}

/** @internal A payload of everything that JSON can hold. */
export const everything: JsonValue = {
  text: 'line\r\nline\u2028 "quoted" \\ é ﬁ 漢字 😀',
  numbers: [0, 1.5, -3, 1e21, 5e-324],
  nothing: [null, '', [], {}, false],
  ['__proto__']: { a: true },
  constructor: 'x',
};

async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
