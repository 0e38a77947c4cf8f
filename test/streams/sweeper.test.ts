import { describe, expect, it, vi } from 'vitest';
import { createMemoryLog } from '../../src/log/memory.js';
import {
  createStreams,
  createSweeper,
  staleKey,
  type StreamEvent,
  type SweeperOptions,
} from '../../src/streams/index.js';
import { snapshots } from '../../src/streams/snapshot-store.js';
import { textBodies } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

function stage() {
  const time = new VirtualTime();
  const log = createMemoryLog({ now: () => time.now() });
  const streams = createStreams({ log, scheduler: time, rollup: { scheduler: time } });
  const events: StreamEvent[] = [];
  streams.events.subscribe((event) => events.push(event));
  const sweep = (options: SweeperOptions = {}) =>
    createSweeper(streams, { staleMs: 100, everyMs: 10, scheduler: time, ...options });
  const status = (streamId = 's') => {
    const { status: is, reason } = log.info(streamId)!;
    return reason === undefined ? is : `${is}: ${reason}`;
  };
  return { time, log, streams, events, sweep, status };
}

describe('createSweeper', () => {
  it('ends a stream that got no chunk for too long, and tells of it', async () => {
    const { time, streams, sweep, status, events } = stage();
    const sweeper = sweep();
    await streams.publish('s', textBodies('a'));
    await time.pass(60);
    await streams.publish('s', textBodies('b'));
    await time.pass(90);
    expect(status()).toBe('active');
    await time.pass(40);
    expect(status()).toBe('failed: stale');
    expect(events.slice(-2)).toEqual([
      { type: 'stream.stale', streamId: 's', chunks: 2 },
      { type: 'stream.failed', streamId: 's', chunks: 2, reason: 'stale' },
    ]);
    sweeper.dispose();
    expect(time.actions.filter(({ closed }) => !closed)).toEqual([]);
  });

  it('waits five minutes by default', async () => {
    const { time, streams, status } = stage();
    const sweeper = createSweeper(streams, { scheduler: time });
    await streams.create('s');
    await sweeper.sweep();
    time.frame += 299_999;
    await sweeper.sweep();
    expect(status()).toBe('active');
    time.frame += 1;
    await sweeper.sweep();
    expect(status()).toBe('failed: stale');
    sweeper.dispose();
  });

  it('goes by time that has passed, whatever somebody sets the clock to', async () => {
    vi.useFakeTimers();
    try {
      const streams = createStreams({ log: createMemoryLog() });
      await streams.publish('s', textBodies('a'));
      const sweeper = createSweeper(streams, { staleMs: 100_000, everyMs: 10_000 });
      await vi.advanceTimersByTimeAsync(20_000);
      vi.setSystemTime(Date.now() + 3_600_000);
      await vi.advanceTimersByTimeAsync(20_000);
      expect((await streams.info('s'))!.status).toBe('active');
      vi.setSystemTime(Date.now() - 7_200_000);
      await vi.advanceTimersByTimeAsync(80_000);
      expect((await streams.info('s'))!.reason).toBe('stale');
      sweeper.dispose();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('looks every half minute by default', async () => {
    const { time, log, streams } = stage();
    let looks = 0;
    const { list } = log;
    log.list = (...args) => {
      looks++;
      return list.apply(log, args);
    };
    const sweeper = createSweeper(streams, { scheduler: time });
    await time.pass(30_000);
    expect(looks).toBe(1);
    sweeper.dispose();
  });

  it('lets a stream say of itself how long that is', async () => {
    const { time, streams, sweep, status } = stage();
    const sweeper = sweep({ staleMs: Infinity });
    await streams.create('asks', { metadata: { [staleKey]: 50 } });
    await streams.create('plain');
    await streams.create('odd', { metadata: { [staleKey]: 'soon' } });
    await time.pass(1000);
    expect(['asks', 'plain', 'odd'].map(status)).toEqual(['failed: stale', 'active', 'active']);
    sweeper.dispose();
    const strict = sweep();
    await streams.create('never', { metadata: { [staleKey]: null } });
    await time.pass(1000);
    expect(['plain', 'never'].map(status)).toEqual(['failed: stale', 'active']);
    strict.dispose();
  });

  it('leaves alone whose producer lives, who has ended, and what is ours', async () => {
    const { time, streams, sweep, status } = stage();
    const alive = new Set(['held']);
    const sweeper = sweep({ holds: (streamId) => alive.has(streamId) });
    for (const name of ['held', 'ended', 'sluice/leases']) await streams.create(name);
    await streams.close('ended');
    await time.pass(500);
    expect(['held', 'ended', 'sluice/leases'].map(status)).toEqual(['active', 'completed', 'active']);
    alive.clear();
    await time.pass(90);
    expect(status('held')).toBe('active');
    await time.pass(40);
    expect(status('held')).toBe('failed: stale');
    sweeper.dispose();
  });

  it('does not take another stream of the name for the same', async () => {
    const { time, streams, sweep, status } = stage();
    const sweeper = sweep();
    await streams.create('s');
    await time.pass(95);
    await streams.delete('s');
    await streams.create('s');
    await time.pass(50);
    expect(status()).toBe('active');
    sweeper.dispose();
  });

  it('leaves a stream alone to which a chunk comes at the last moment', async () => {
    const { time, log, streams, sweep, status } = stage();
    const sweeper = sweep({ everyMs: 1_000_000 });
    await streams.create('s');
    await sweeper.sweep();
    await time.pass(200);
    const { list } = log;
    log.list = (...args) => {
      const found = list.apply(log, args);
      void streams.publish('s', textBodies('a'));
      return found;
    };
    await sweeper.sweep();
    expect(status()).toBe('active');
    sweeper.dispose();
  });

  it('does it once, however many there are', async () => {
    const { time, streams, sweep, status, events } = stage();
    const sweepers = [sweep(), sweep(), sweep()];
    await streams.create('s');
    await time.pass(200);
    expect(status()).toBe('failed: stale');
    expect(events.filter(({ type }) => type === 'stream.stale')).toHaveLength(1);
    for (const sweeper of sweepers) sweeper.dispose();
  });

  it('looks again when the log could not be asked, or the stream not be ended', async () => {
    const { time, log, streams, sweep, status } = stage();
    const sweeper = sweep();
    await streams.create('s');
    await time.pass(20);
    const { list, append } = log;
    log.list = () => {
      throw new Error('away');
    };
    await time.pass(100);
    log.list = list;
    log.append = () => {
      throw new Error('disk full');
    };
    await time.pass(50);
    await expect(sweeper.sweep()).rejects.toThrow('disk full');
    log.append = append;
    await time.pass(20);
    expect(status()).toBe('failed: stale');
    sweeper.dispose();
  });

  it('removes snapshots of which the stream is gone, and no others', async () => {
    const { time, log, streams, sweep } = stage();
    for (const name of ['here', 'gone', 'again']) {
      await streams.publish(name, textBodies('a'));
      await time.until(streams.rollup.save(name));
    }
    log.create(`${snapshots}/odd`);
    for (const name of ['gone', 'again']) log.delete(name);
    await time.pass(5);
    log.create('again');
    const sweeper = sweep({ staleMs: Infinity });
    await sweeper.sweep();
    expect(log.list(`${snapshots}/`).map(({ streamId, source }) => source ?? streamId)).toEqual([
      'here',
      `${snapshots}/odd`,
    ]);
    sweeper.dispose();
  });

  it('removes no snapshot of a stream that was made since they were listed', async () => {
    const { time, log, streams, sweep } = stage();
    await streams.publish('s', textBodies('a'));
    await time.until(streams.rollup.save('s'));
    const { list } = log;
    log.list = () => list.call(log).filter(({ streamId }) => streamId !== 's');
    const sweeper = sweep({ staleMs: Infinity });
    await sweeper.sweep();
    expect(list.call(log, snapshots)).toHaveLength(1);
    sweeper.dispose();
  });

  it('looks no more once it is disposed of', async () => {
    const { time, log, streams, sweep, status } = stage();
    const sweeper = sweep();
    await streams.create('s');
    const { list } = log;
    log.list = (...args) => {
      sweeper.dispose();
      return list.apply(log, args);
    };
    await time.pass(500);
    expect([status(), time.actions.filter(({ closed }) => !closed)]).toEqual(['active', []]);
  });

  it.each([
    ['staleMs', { staleMs: 0 }],
    ['everyMs', { everyMs: 2 ** 31 }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => stage().sweep(options)).toThrow(`${name} must be`);
  });
});
