import { describe, expect, it } from 'vitest';
import { GivenBack, type GivenBackStore } from '../../../src/queue/nats/given-back.js';
import type { Decision } from '../../../src/queue/nats/record.js';
import { VirtualTime } from '../../virtual-time.js';

const reply = 'where it is acknowledged';
const job = { seq: 7, delivered: 2, reply };
const body = JSON.stringify({ id: 'a', payload: 'x', maxAttempts: 3, delayMs: 0, attempt: 4 });
const waiting: Decision = { state: 'waiting', attempt: 1, failures: 1, delivered: 2, reason: 'no' };

/** A queue of one job, as far as it is known; says what it was told about it. */
class Store implements GivenBackStore {
  readonly told: string[] = [];
  asks = 1;
  asked = 0;
  stored: string | undefined = body;
  seq = 5;
  decision: Decision | undefined = waiting;

  async asking(): Promise<number> {
    this.asked++;
    return this.asks;
  }
  async body(): Promise<string | undefined> {
    return this.stored;
  }
  async last(): Promise<{ seq: number; decision: Decision } | undefined> {
    return this.decision && { seq: this.seq, decision: this.decision };
  }
  async put(_kind: string, word: string, { decision }: { decision: Decision }, expected: number) {
    if (word !== '7' || expected !== (this.decision ? this.seq : 0)) return undefined;
    this.decision = decision;
    return ++this.seq;
  }
  async settle(delivery: { reply: string }, word: string): Promise<void> {
    this.told.push(`${word} to ${delivery.reply}`);
  }
}

const asked = `-NAK to ${reply}`;

function watching({
  delayMs = 0,
  leaseMs = 30_000,
  ...store
}: Partial<Store> & { delayMs?: number; leaseMs?: number }) {
  const time = new VirtualTime();
  const queue = Object.assign(new Store(), store);
  const subject = new GivenBack(queue, time, leaseMs);
  subject.watch(job, delayMs);
  return { time, queue, subject };
}

describe('GivenBack', () => {
  it('gives a job back once more that is with nobody though somebody asks, and refuses who comes with it late', async () => {
    const { time, queue } = watching({});
    await time.pass(999);
    expect(queue.told).toEqual([]);
    await time.pass(1);
    expect(queue.told).toEqual([asked]);
    expect(queue.decision).toEqual({ ...waiting, delivered: 3 });
    queue.decision = { ...waiting, state: 'claimed', delivered: 4 };
    await time.pass(10_000);
    expect(queue.told).toEqual([asked]);
  });

  it('does so again, every second, until somebody has it or its lease is over', async () => {
    const { time, queue } = watching({ leaseMs: 4500 });
    await time.pass(4500);
    expect(queue.told).toHaveLength(4);
    expect(queue.decision).toMatchObject({ delivered: 6 });
    await time.pass(60_000);
    expect(queue.told).toHaveLength(4);
    expect(queue.asked).toBe(4);
  });

  it('waits until it is due', async () => {
    const { time, queue } = watching({ delayMs: 60_000 });
    await time.pass(60_999);
    expect(queue.asked).toBe(0);
    await time.pass(1);
    expect(queue.told).toEqual([asked]);
  });

  it('leaves it where it is while nobody asks', async () => {
    const { time, queue } = watching({ asks: 0 });
    await time.pass(5000);
    expect(queue.told).toEqual([]);
    expect(queue.decision).toBe(waiting);
    queue.asks = 1;
    await time.pass(1000);
    expect(queue.told).toEqual([asked]);
  });

  it.each<[string, Partial<Store>]>([
    ['is claimed', { decision: { ...waiting, state: 'claimed' } }],
    ['was claimed since, and given back by another', { decision: { ...waiting, delivered: 3 } }],
    ['is over', { decision: undefined, stored: undefined }],
  ])('forgets a job that %s', async (_, store) => {
    const { time, queue } = watching(store);
    await time.pass(5000);
    expect(queue.told).toEqual([]);
    expect(queue.asked).toBe(1);
    expect(queue.decision).toBe(store.decision);
  });

  it('does not give back what is claimed at that moment', async () => {
    const { time, queue } = watching({});
    queue.put = async () => undefined;
    await time.pass(5000);
    expect(queue.told).toEqual([]);
    expect(queue.asked).toBe(1);
  });

  it('knows a job about which nothing was decided yet, and what is none', async () => {
    const first = watching({ decision: undefined });
    await first.time.pass(1000);
    expect(first.queue.told).toEqual([asked]);
    expect(first.queue.decision).toEqual({ state: 'waiting', attempt: 4, failures: 0, delivered: 3 });
    const foreign = watching({ decision: undefined, stored: 'no job' });
    await foreign.time.pass(1000);
    expect(foreign.queue.decision).toEqual({ state: 'waiting', attempt: 0, failures: 0, delivered: 3 });
  });

  it('goes on with what is given back again meanwhile', async () => {
    const { time, queue, subject } = watching({});
    const { put } = queue;
    queue.put = async (...given) => {
      subject.watch({ ...job, delivered: 8 }, 0);
      return put.apply(queue, given);
    };
    await time.pass(1000);
    expect(queue.told).toEqual([asked]);
    expect(queue.decision).toMatchObject({ delivered: 3 });
    await time.pass(1000);
    expect(queue.decision).toMatchObject({ delivered: 9 });
  });

  it('asks again where NATS does not answer', async () => {
    const { time, queue } = watching({});
    const { asking } = queue;
    queue.asking = async () => await Promise.reject(new Error('no answer'));
    await time.pass(3000);
    queue.asking = asking;
    await time.pass(1000);
    expect(queue.told).toEqual([asked]);
  });

  it('watches so many jobs, and no more', async () => {
    const { time, queue, subject } = watching({ asks: 0 });
    for (let seq = 8; seq < 8 + 10_000; seq++) subject.watch({ ...job, seq }, 0);
    subject.watch(job, 0);
    const seen = new Set<string>();
    queue.last = async (...given: string[]) => void seen.add(given[1]!) as undefined;
    queue.stored = undefined;
    queue.asks = 1;
    for (let waited = 0; waited < 100 && seen.size < 10_000; waited++) await time.pass(1000);
    expect(seen.size).toBe(10_000);
    expect(seen).toContain('7');
    expect(seen).not.toContain('10007');
  });

  it('lets go of its time and its jobs when it is disposed of', async () => {
    const { time, queue, subject } = watching({});
    subject.dispose();
    subject.watch(job, 0);
    await time.pass(5000);
    expect(queue.asked).toBe(0);
    expect(time.actions).toEqual([]);
  });
});
