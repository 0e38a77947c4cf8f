import { afterEach, describe, expect, it, vi } from 'vitest';
import { createChunk } from '../../src/chunk/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createReaper, createStreams, holdLease, type LapsedLease, leases } from '../../src/streams/index.js';
import { textBodies, textBody } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

function stage() {
  const time = new VirtualTime();
  const log = createMemoryLog({ now: () => time.now() });
  const streams = createStreams({ log, scheduler: time });
  const reaper = () => createReaper(streams, { scheduler: time, graceMs: 100 });
  const hold = (streamId: string, epoch = 0, leaseMs = 1000, heirMs = 0) =>
    holdLease(streams, streamId, { producer: { id: 'worker', epoch }, leaseMs, heirMs, scheduler: time });
  /** A producer's last word: it dies behind it. */
  const lastWord = async (streamId: string, leaseMs: number) => {
    const data = { stream: streamId, producer: 'worker', epoch: 0, leaseMs, state: 'held' } as const;
    await streams.publish(leases, [createChunk({ streamId: leases, seq: 0, data })]);
  };
  const ends = async (streamId: string) => {
    const { status, reason } = (await streams.info(streamId))!;
    return reason === undefined ? status : `${status}: ${reason}`;
  };
  return { time, log, streams, reaper, hold, lastWord, ends };
}

describe('createReaper', () => {
  it('ends the stream of a producer that died, within its lease and the grace', async () => {
    const { time, streams, reaper, lastWord, ends, log } = stage();
    const watching = reaper();
    await streams.publish('s', textBodies('a'), { producer: { id: 'worker', epoch: 0, seq: 0 } });
    await streams.publish(leases, [textBody('no lease at all')]);
    await lastWord('s', 1000);
    const read: unknown[] = [];
    streams.receive('s').subscribe({ error: (error: { code: string }) => read.push(error.code) });
    await time.pass(1000);
    expect([await ends('s'), watching.held]).toEqual(['active', 1]);
    await time.pass(110);
    expect(await ends('s')).toBe('failed: producer-lost');
    await time.pass(1);
    expect([read, watching.held]).toEqual([['stream-failed'], 0]);
    watching.dispose();
    expect(log.info('s')!.next).toBe(1);
  });

  it('offers the stream of a dead producer that leaves it to an heir, and ends it when none has come', async () => {
    const { time, streams, ends, hold } = stage();
    const offered: unknown[] = [];
    const lapsed = (lease: LapsedLease) => void offered.push(lease);
    const watching = createReaper(streams, { scheduler: time, graceMs: 100, lapsed });
    for (const name of ['s', 'plain']) await streams.create(name);
    const word = { producer: 'worker', epoch: 7, leaseMs: 1000, state: 'held' } as const;
    const said = [
      { ...word, stream: 's', heirMs: 500 },
      { ...word, stream: 'plain' },
    ];
    for (const data of said) await streams.publish(leases, [createChunk({ streamId: leases, seq: 0, data })]);
    await time.pass(1090);
    expect(offered).toEqual([]);
    await time.pass(20);
    expect(offered).toEqual([{ streamId: 's', producer: 'worker', epoch: 7 }]);
    expect([await ends('s'), await ends('plain')]).toEqual(['active', 'failed: producer-lost']);
    await time.pass(500);
    expect(await ends('s')).toBe('failed: producer-lost');
    expect(offered).toHaveLength(1);
    // An heir that comes in time has it, and is offered itself when it dies.
    await streams.create('t');
    const data = { ...word, stream: 't', heirMs: 500 };
    await streams.publish(leases, [createChunk({ streamId: leases, seq: 0, data })]);
    await time.pass(1110);
    const heir = hold('t', 8, 1000, 500);
    await time.pass(5000);
    expect([await ends('t'), offered.length]).toEqual(['active', 2]);
    heir.lapse();
    await time.pass(1500);
    expect(offered.at(-1)).toEqual({ streamId: 't', producer: 'worker', epoch: 8 });
    await time.pass(600);
    expect(await ends('t')).toBe('failed: producer-lost');
    watching.dispose();
  });

  it('offers at once what its producer has left, also to one who comes later, and ends it when nobody takes it', async () => {
    const { time, streams, ends, hold } = stage();
    const watch = () => {
      const offered: LapsedLease[] = [];
      const reaper = createReaper(streams, { scheduler: time, lapsed: (lease) => void offered.push(lease) });
      return { reaper, offered };
    };
    const there = watch();
    for (const name of ['s', 'plain']) await streams.create(name);
    await hold('s', 7, 100_000, 500).handOver();
    await hold('plain', 0, 100_000).handOver();
    await time.pass(1);
    const late = watch();
    await time.pass(1);
    const lease = { streamId: 's', producer: 'worker', epoch: 7 };
    expect([there.offered, late.offered]).toEqual([[lease], [lease]]);
    expect([await ends('s'), await ends('plain')]).toEqual(['active', 'failed: producer-lost']);
    await time.pass(500);
    expect(await ends('s')).toBe('failed: producer-lost');
    there.reaper.dispose();
    late.reaper.dispose();
  });

  it('leaves alone who lives, and who is done', async () => {
    const { time, streams, reaper, hold, ends } = stage();
    const watching = reaper();
    for (const name of ['lives', 'done']) await streams.create(name);
    const lease = hold('lives');
    hold('done').release();
    await time.pass(10_000);
    expect([await ends('lives'), await ends('done'), watching.held]).toEqual(['active', 'active', 1]);
    lease.release();
    watching.dispose();
  });

  it('lets a higher epoch take over, and listens no more to the one before', async () => {
    const { time, streams, reaper, hold, ends } = stage();
    const watching = reaper();
    await streams.publish('s', textBodies('a'), { producer: { id: 'worker', epoch: 0, seq: 0 } });
    const old = hold('s', 0);
    await time.pass(10);
    const taken = hold('s', 1);
    await streams.publish('s', textBodies('b'), { producer: { id: 'worker', epoch: 1, seq: 0 } });
    await time.pass(10);
    old.release();
    await time.pass(3000);
    expect([await ends('s'), watching.held]).toEqual(['active', 1]);
    taken.release();
    watching.dispose();
  });

  it('does not end what a higher epoch has written to, lease or not', async () => {
    const { time, streams, reaper, lastWord, ends } = stage();
    const watching = reaper();
    await lastWord('s', 100);
    await streams.publish('s', textBodies('b'), { producer: { id: 'worker', epoch: 1, seq: 0 } });
    await time.pass(1000);
    expect([await ends('s'), watching.held]).toEqual(['active', 0]);
    watching.dispose();
  });

  it('gives every lease its time anew after a restart', async () => {
    const { time, streams, reaper, lastWord, ends } = stage();
    await streams.create('s');
    await lastWord('s', 500);
    await time.pass(5000);
    const watching = reaper();
    await time.pass(500);
    expect(await ends('s')).toBe('active');
    await time.pass(110);
    expect(await ends('s')).toBe('failed: producer-lost');
    watching.dispose();
  });

  it('lets a stream of the same name live after a restart', async () => {
    const { time, streams, reaper, lastWord, ends } = stage();
    const before = reaper();
    await streams.create('s');
    await lastWord('s', 100);
    await time.pass(300);
    expect(await ends('s')).toBe('failed: producer-lost');
    before.dispose();
    await streams.delete('s');
    await streams.create('s');
    const after = reaper();
    await time.pass(1000);
    expect([await ends('s'), after.held]).toEqual(['active', 0]);
    after.dispose();
  });

  it('does not believe a lease longer than there can be', async () => {
    const { time, streams, reaper, lastWord } = stage();
    const watching = reaper();
    await streams.create('s');
    await lastWord('s', 2 ** 31);
    await time.pass(10);
    expect(watching.held).toBe(0);
    watching.dispose();
  });

  it('tries again when the stream could not be ended', async () => {
    const { time, streams, log, reaper, lastWord, ends } = stage();
    const watching = reaper();
    await streams.create('s');
    await lastWord('s', 100);
    const { append } = log;
    log.append = () => {
      throw new Error('disk full');
    };
    await time.pass(500);
    expect([await ends('s'), watching.held]).toEqual(['active', 1]);
    log.append = append;
    await time.pass(1100);
    expect([await ends('s'), watching.held]).toEqual(['failed: producer-lost', 0]);
    watching.dispose();
  });

  it('forgets what was said of leases once nobody needs it', async () => {
    const { time, streams, log, reaper, hold } = stage();
    const watching = reaper();
    await streams.create('s');
    const lease = hold('s', 0, 30);
    await time.pass(10_000);
    expect(log.info(leases)!.next).toBeGreaterThan(900);
    expect(log.info(leases)!.next - log.info(leases)!.first).toBeLessThan(300);
    lease.release();
    watching.dispose();
  });

  it('goes on when all that was said of leases is removed', async () => {
    const { time, streams, reaper, lastWord, ends } = stage();
    const watching = reaper();
    await lastWord('s', 10_000);
    await lastWord('t', 10_000);
    await time.pass(10);
    await streams.delete(leases);
    await time.pass(10);
    for (let word = 0; word < 3; word++) await lastWord('s', 100);
    await streams.create('s');
    await time.pass(1000);
    expect(await ends('s')).toBe('failed: producer-lost');
    watching.dispose();
  });

  it('watches no more once it is disposed of', async () => {
    const { time, streams, reaper, lastWord, ends } = stage();
    const watching = reaper();
    await streams.create('s');
    await lastWord('s', 100);
    await time.pass(50);
    watching.dispose();
    await streams.publish(leases, [textBody('x')]);
    await time.pass(1000);
    expect([await ends('s'), watching.held]).toEqual(['active', 0]);
  });

  it('does not end another stream that has the name now', async () => {
    const { time, streams, reaper, ends } = stage();
    const watching = reaper();
    const producer = { id: 'worker', epoch: 0 };
    const publish = () => streams.publish('s', textBodies('a', 'b'), { producer: { ...producer, seq: 0 } });
    const word = async (facts: object) => {
      const data = { stream: 's', producer: 'worker', epoch: 0, leaseMs: 100, state: 'held', ...facts };
      await streams.publish(leases, [createChunk({ streamId: leases, seq: 0, data })]);
    };
    await time.pass(5);
    await publish();
    await word({ createdAt: (await streams.info('s'))!.createdAt });
    await time.pass(5);
    await streams.delete('s');
    await streams.create('s');
    await time.pass(1000);
    // A client cannot say when the stream was made, but how much of it is its own.
    await word({ kept: 2 });
    await time.pass(1000);
    expect([await ends('s'), watching.held]).toEqual(['active', 0]);
    await publish();
    await word({ kept: 2, createdAt: (await streams.info('s'))!.createdAt });
    await time.pass(1000);
    expect(await ends('s')).toBe('failed: producer-lost');
    watching.dispose();
  });

  it('lets a lease go whose stream was never made, or is gone', async () => {
    const { time, streams, reaper, lastWord } = stage();
    const watching = reaper();
    await lastWord('s', 100);
    await time.pass(1000);
    expect([await streams.info('s'), watching.held]).toEqual([undefined, 0]);
    watching.dispose();
  });

  it('watches no more leases than it may, and the next ones when there is room', async () => {
    const { time, streams } = stage();
    const watching = createReaper(streams, { scheduler: time, graceMs: 0, maxLeases: 2 });
    const hold = (streamId: string) =>
      holdLease(streams, streamId, { producer: { id: 'worker', epoch: 0 }, leaseMs: 30, scheduler: time });
    const [a, b, c] = [hold('a'), hold('b'), hold('c')];
    await time.pass(5);
    expect([watching.held, ...['a', 'b', 'c'].map((name) => watching.holds(name))]).toEqual([2, true, true, false]);
    a.release();
    await time.pass(20);
    expect([watching.held, ...['a', 'b', 'c'].map((name) => watching.holds(name))]).toEqual([2, false, true, true]);
    b.release();
    c.release();
    watching.dispose();
    expect(() => createReaper(streams, { maxLeases: 0 })).toThrow(RangeError);
  });

  describe('when somebody sets the clock', () => {
    afterEach(() => void vi.useRealTimers());

    /** A producer that lives and one that is dead, in real streams, by clocks that a test sets. */
    const watched = async () => {
      vi.useFakeTimers();
      const streams = createStreams({ log: createMemoryLog() });
      const reaper = createReaper(streams);
      for (const name of ['lives', 'dead']) await streams.create(name);
      const lease = holdLease(streams, 'lives', { producer: { id: 'a', epoch: 0 }, leaseMs: 3000 });
      holdLease(streams, 'dead', { producer: { id: 'b', epoch: 0 }, leaseMs: 3000 }).lapse();
      // Just before the first look.
      await vi.advanceTimersByTimeAsync(3400);
      const ends = async () =>
        Promise.all(['lives', 'dead'].map(async (name) => (await streams.info(name))!.reason ?? 'active'));
      const dispose = () => {
        lease.release();
        reaper.dispose();
      };
      return { ends, dispose };
    };

    it.each([-3_600_000, 3_600_000])('by %d ms, ends whose producer died in time, and no other', async (ms) => {
      const { ends, dispose } = await watched();
      vi.setSystemTime(Date.now() + ms);
      await vi.advanceTimersByTimeAsync(50);
      expect(await ends()).toEqual(['active', 'active']);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await ends()).toEqual(['active', 'producer-lost']);
      dispose();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it('hears whoever spoke while it stood still, before it gives anybody up', async () => {
    const time = new VirtualTime();
    let stood = 0;
    time.now = () => time.frame + stood;
    const streams = createStreams({ log: createMemoryLog({ now: () => 0 }), scheduler: time });
    const watching = createReaper(streams, { scheduler: time, graceMs: 100 });
    for (const name of ['lives', 'dead']) await streams.create(name);
    const word = async (stream: string) => {
      const data = { stream, producer: 'worker', epoch: 0, leaseMs: 3000, state: 'held' } as const;
      await streams.publish(leases, [createChunk({ streamId: leases, seq: 0, data })]);
    };
    for (const name of ['lives', 'dead']) await word(name);
    await time.pass(3000);
    stood = 60_000;
    await time.pass(100);
    const ends = async () =>
      Promise.all(['lives', 'dead'].map(async (name) => (await streams.info(name))!.reason ?? 'active'));
    expect(await ends()).toEqual(['active', 'active']);
    await word('lives');
    await time.pass(1100);
    expect(await ends()).toEqual(['active', 'producer-lost']);
    watching.dispose();
  });
});
