import { describe, expect, it } from 'vitest';
import type { ChunkBody } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams, holdLease, leases } from '../../src/streams/index.js';
import { VirtualTime } from '../virtual-time.js';

function stage(leaseMs?: number) {
  const time = new VirtualTime();
  const said: unknown[] = [];
  let broken = false;
  const target = {
    publish: async (streamId: string, chunks: readonly ChunkBody[]) => {
      if (broken) throw new Error('no connection');
      said.push([streamId, time.now(), (chunks[0]!.data as { state: string }).state]);
      return { next: 1 };
    },
  };
  const producer = { id: 'worker', epoch: 3 };
  const lease = holdLease(target, 'answers/1', {
    producer,
    scheduler: time,
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
  return { time, said, lease, break: (it: boolean) => void (broken = it) };
}

describe('holdLease', () => {
  it('says three times in a lease that its producer lives, until it is released', async () => {
    const { time, said, lease } = stage(300);
    await time.pass(250);
    lease.release();
    lease.release();
    await time.pass(1000);
    expect(said).toEqual([
      [leases, 0, 'held'],
      [leases, 100, 'held'],
      [leases, 200, 'held'],
      [leases, 250, 'released'],
    ]);
    expect(time.actions).toEqual([]);
  });

  it('is handed over once, and says nothing more', async () => {
    const { time, said, lease } = stage(300);
    await lease.handOver();
    await lease.handOver();
    lease.release();
    await time.pass(1000);
    expect(said).toEqual([
      [leases, 0, 'held'],
      [leases, 0, 'left'],
    ]);
  });

  it('is ten seconds long by default', async () => {
    const { time, said, lease } = stage();
    await time.pass(3334);
    expect(said).toHaveLength(2);
    lease.release();
  });

  it('goes on when a word cannot be said', async () => {
    const { time, said, lease, break: broken } = stage(300);
    broken(true);
    await time.pass(150);
    broken(false);
    await time.pass(100);
    expect(said).toHaveLength(2);
    lease.release();
  });

  it('refuses a wrong leaseMs', () => {
    const rule = 'leaseMs must be a whole number of at least 1 and at most 1000000000';
    expect(() => stage(0)).toThrow(new RangeError(`${rule}, got 0`));
    // A timer of more than 2^31 ms fires at once.
    expect(() => stage(2 ** 33)).toThrow(new RangeError(`${rule}, got ${2 ** 33}`));
  });

  it('says how long an heir has, where one may come', async () => {
    const time = new VirtualTime();
    const streams = createStreams({ log: createMemoryLog({ now: () => time.now() }), scheduler: time });
    const producer = { id: 'worker', epoch: 0 };
    const lease = holdLease(streams, 's', { producer, leaseMs: 30, heirMs: 20, scheduler: time });
    await time.pass(1);
    const { value } = await streams.read(leases).next();
    expect(value).toMatchObject({ data: { stream: 's', leaseMs: 30, heirMs: 20 } });
    lease.release();
    expect(() => holdLease(streams, 's', { producer, heirMs: -1 })).toThrow(
      'heirMs must be a whole number of at least 0',
    );
  });

  it('says which stream of the name it means, as far as that can be known', async () => {
    const time = new VirtualTime();
    const streams = createStreams({ log: createMemoryLog({ now: () => time.now() }), scheduler: time });
    await time.pass(7);
    let kept = 0;
    const producer = { id: 'worker', epoch: 0 };
    const lease = holdLease(streams, 's', { producer, leaseMs: 30, kept: () => kept, scheduler: time });
    await time.pass(1);
    await streams.create('s');
    kept = 2;
    await time.pass(10);
    lease.release();
    const said: unknown[] = [];
    streams.receive(leases).subscribe(({ data }) => {
      const { state, kept: count, createdAt } = data as { state: string; kept: number; createdAt?: number };
      said.push([state, count, createdAt]);
    });
    await time.pass(1);
    expect(said).toEqual([
      ['held', 0, undefined],
      ['held', 2, 8],
      ['released', 2, 8],
    ]);
  });
});
