import { expect, it } from 'vitest';
import { createMemoryQueue } from '../../src/queue/memory.js';
import type { ClaimedJob, Queue, QueueOptions } from '../../src/queue/queue.js';
import { queueLawsOf } from '../../src/testing/queue-laws.js';
import type { QueueUnderTest } from '../../src/testing/queue-stage.js';
import { VirtualTime } from '../virtual-time.js';

/** What a queue with a defect does otherwise than a whole one. */
export interface QueueDefect {
  /** The options it understands. */
  readonly options?: (options: QueueOptions) => QueueOptions;
  readonly queue?: (queue: Queue, time: VirtualTime) => Partial<Queue>;
  readonly job?: (job: ClaimedJob) => Partial<ClaimedJob>;
}

/** For laws by title, queues that break them. */
export type QueueDefects = Readonly<Record<string, readonly QueueDefect[]>>;

/** A queue in memory with a defect, under virtual time. */
export function makeQueue(options: QueueOptions, defect: QueueDefect = {}): QueueUnderTest {
  const time = new VirtualTime();
  const whole = createMemoryQueue({ ...(defect.options?.(options) ?? options), scheduler: time });
  const claim: Queue['claim'] = async (given) => {
    const job = await whole.claim(given);
    return job && { ...job, ...defect.job?.(job) };
  };
  const other: Partial<Queue> = { claim, ...defect.queue?.(whole, time) };
  const queue = new Proxy<Queue>(whole, {
    get: (target, key: keyof Queue) => {
      const own = other[key] ?? target[key];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  return { queue, advance: (ms) => time.pass(ms), patienceMs: 3000 };
}

/** The laws' titles. */
export const queueLawTitles = queueLawsOf((options) => makeQueue(options)).map(({ title }) => title);

/** Expects each law to see what is wrong with each of its queues. */
export function expectEachQueueToFail(defects: QueueDefects): void {
  for (const [title, queues] of Object.entries(defects)) {
    for (const [n, defect] of queues.entries()) {
      it(`"${title}" fails on a queue that does not (${n + 1})`, async () => {
        const law = queueLawsOf((options) => makeQueue(options, defect)).find((each) => each.title === title)!;
        await expect(law.check()).rejects.toThrow(/./);
      });
    }
  }
}
