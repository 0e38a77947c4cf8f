import { type Observable, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../src/chunk/index.js';
import { createFlow } from '../../src/flow/index.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { checkReader, followLog, joinStream, type ReaderOptions } from '../../src/streams/reader.js';
import { Readers } from '../../src/streams/readers.js';
import { createRollup } from '../../src/streams/rollup.js';
import { encodedTexts } from '../bodies.js';
import { kinds, stage, turns } from './reader-stage.js';

describe.each(kinds)('followLog over a %s', (kind) => {
  it('reads nothing while the flow behind it is shut, and loses nothing', async () => {
    const { keep, end, settle, follow } = stage(kind);
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 2 });
    keep('a', 'b', 'c', 'd');
    const { got, chunks, subscription } = follow({ flow });
    subscription.unsubscribe();
    const taken = chunks.subscribe({
      next: ({ data }) => {
        got.push(data);
        lane.hold();
      },
      complete: () => void got.push('completed'),
    });
    await settle();
    expect(got).toEqual(['a', 'b']);
    keep('e');
    await settle();
    expect(got).toEqual(['a', 'b']);
    lane.release(2);
    await settle();
    expect(got).toEqual(['a', 'b', 'c', 'd']);
    end();
    lane.release(2);
    await settle();
    expect(got).toEqual(['a', 'b', 'c', 'd', 'e', 'completed']);
    taken.unsubscribe();
  });

  it('fails when its stream was removed and another has its name', async () => {
    const { keep, settle, follow, late, log } = stage(kind);
    keep('a', 'b');
    const { got } = follow();
    await settle();
    void (late?.inner ?? log).delete('s');
    keep('c');
    await settle();
    expect(got).toEqual(['a', 'b', 'failed stream-not-found']);
  });

  it('does not go on when its consumer leaves while the flow is shut', async () => {
    const { keep, settle, follow } = stage(kind);
    const flow = createFlow();
    const lane = flow.lane({ name: 'stage', window: 1 });
    keep('a');
    lane.hold();
    const { got, subscription } = follow({ flow });
    await settle();
    subscription.unsubscribe();
    lane.release();
    await settle();
    expect(got).toEqual([]);
  });

  it('pushes what is kept, then what comes, then the end', async () => {
    const { keep, end, settle, follow } = stage(kind);
    keep('a', 'b');
    const { got } = follow();
    expect(got).toEqual([]);
    await settle();
    expect(got).toEqual(['a', 'b']);
    keep('c');
    await settle();
    end();
    await settle();
    expect(got).toEqual(['a', 'b', 'c', 'completed']);
  });

  it.each([
    ['beginning', ['b', 'c', 'd']],
    ['now', ['d']],
    [2, ['c', 'd']],
    [3, ['d']],
    [9, []],
  ] as [Position, string[]][])('begins at %s', async (from, expected) => {
    const { kept, keep, end, settle, follow } = stage(kind);
    keep('a', 'b', 'c');
    kept.trim('s', 1);
    const { got } = follow({ from });
    await settle();
    keep('d');
    end();
    await settle();
    expect(got).toEqual([...expected, 'completed']);
  });

  it.each([
    ['failed', 'failed stream-failed'],
    ['cancelled', 'failed stream-cancelled'],
  ] as const)('ends as the stream does: %s', async (status, expected) => {
    const { keep, end, settle, follow } = stage(kind);
    keep('a');
    end(status);
    const { got } = follow();
    await settle();
    expect(got).toEqual(['a', expected]);
  });

  it('reads a long stream bit by bit, and lets others have their turn', async () => {
    const { keep, end, settle, follow, log } = stage(kind);
    const datas = Array.from({ length: 10 }, (_, i) => `${i}`);
    keep(...datas);
    end();
    const limits: number[] = [];
    const { read } = log;
    log.read = (...args) => {
      limits.push(args[2].chunks);
      return read.apply(log, args);
    };
    const { got } = follow({ batch: 4 });
    await settle();
    expect(got).toEqual([...datas, 'completed']);
    expect(limits).toEqual([4, 4, 4]);
  });

  it('fails with chunks that are no longer kept, or goes on behind them', async () => {
    const { kept, keep, end, settle, follow, events } = stage(kind);
    keep('a', 'b', 'c');
    kept.trim('s', 2);
    end();
    const [strict, lenient] = [follow({ from: 0 }), follow({ from: 0, onGap: 'skip' })];
    await settle();
    expect(strict.got).toEqual(['failed gap']);
    expect(lenient.got).toEqual(['c', 'completed']);
    const missing = { type: 'stream.chunk_missing', streamId: 's', from: 0, to: 2 };
    expect(events.filter(({ type }) => type === 'stream.chunk_missing')).toEqual([missing, missing]);
  });

  it('tells of every chunk a reader gets', async () => {
    const { keep, settle, follow, events } = stage(kind);
    keep('a', 'b');
    follow();
    await settle();
    expect(events).toEqual([
      { type: 'stream.chunk', streamId: 's', seq: 0 },
      { type: 'stream.chunk', streamId: 's', seq: 1 },
    ]);
  });

  it('fails for a stream that is not there, or is removed', async () => {
    const { kept, keep, settle, follow } = stage(kind);
    const none = follow();
    await settle();
    expect(none.got).toEqual(['failed stream-not-found']);
    keep('a');
    const { got } = follow();
    await settle();
    kept.delete('s');
    await settle();
    expect(got).toEqual(['a', 'failed stream-not-found']);
  });

  it('fails when the log does', async () => {
    const { kept, keep, settle, follow } = stage(kind);
    keep('a');
    const { got } = follow();
    kept.read = () => {
      throw new Error('the disk is gone');
    };
    await settle();
    expect(got).toEqual(['failed internal']);
  });

  it('stops when its subscriber goes: in a turn, in a read, within an emission', async () => {
    const { keep, settle, follow, late, scheduler, events } = stage(kind);
    keep('a', 'b', 'c');
    const early = follow();
    early.subscription.unsubscribe();
    const middle = follow();
    await turns();
    while (late?.answerOne());
    await turns();
    middle.subscription.unsubscribe();
    const reading = follow();
    await turns();
    while (late?.answerOne());
    await turns();
    scheduler.flush();
    reading.subscription.unsubscribe();
    const seen = reading.got.length;
    const { chunks } = follow();
    const first: unknown[] = [];
    events.length = 0;
    chunks.pipe(take(1)).subscribe(({ data }) => first.push(data));
    await settle();
    expect([early.got, middle.got, reading.got.length, first]).toEqual([[], [], seen, ['a']]);
    // One for the reader that stays, of three chunks; one for the reader of one.
    expect(events).toHaveLength(4);
  });

  it('holds nothing of turns that are over', async () => {
    const { keep, settle, follow } = stage(kind);
    keep('a');
    const { subscription } = follow();
    await settle();
    const held = () => (subscription as unknown as { _finalizers: unknown[] })._finalizers.length;
    const before = held();
    for (let i = 0; i < 20; i++) {
      keep('b');
      await settle();
    }
    expect(held()).toBe(before);
  });
});

describe('followLog: a read under way', () => {
  it('does not hide what comes meanwhile, nor doubles it', async () => {
    for (const chance of [0, 0.9]) {
      const { late, keep, settle, follow, scheduler } = stage(kinds[1], chance);
      keep('a');
      const { got } = follow();
      await turns();
      late!.answerOne();
      await turns();
      scheduler.flush();
      expect(late!.reads).toBe(1);
      keep('b');
      scheduler.flush();
      keep('c');
      await settle();
      expect(got).toEqual(['a', 'b', 'c']);
    }
  });

  it('tells nothing of what it found when its subscriber has gone', async () => {
    const { late, kept, keep, settle, follow, scheduler, events } = stage(kinds[1], 0.9);
    keep('a', 'b');
    kept.trim('s', 1);
    const { got, subscription } = follow({ from: 0 });
    await turns();
    late!.answerOne();
    await turns();
    scheduler.flush();
    subscription.unsubscribe();
    await settle();
    expect([got, events]).toEqual([[], []]);
  });

  it('is not begun for a subscriber that goes in the turn before', async () => {
    const { late, keep, settle, follow } = stage(kinds[1]);
    keep('a');
    const { subscription } = follow();
    await turns();
    late!.answerOne();
    await turns();
    subscription.unsubscribe();
    await settle();
    expect(late!.reads).toBe(0);
  });
});

describe.each(kinds)('a reader from a snapshot over a %s', (kind) => {
  it('notices that its stream was removed, and another has its name', async () => {
    const { keep, kept, settle, follow, pull, outcome } = stage(kind);
    keep('a', 'b');
    const { got } = follow({ from: 'snapshot' });
    const pulled = pull({ from: 'snapshot' });
    expect(await outcome(pulled.next())).toBe('ab');
    await settle();
    kept.delete('s');
    keep('x');
    await settle();
    expect(got).toEqual(['ab', 'failed stream-not-found']);
    expect(await outcome(pulled.next())).toBe('failed stream-not-found');
  });
});

describe('joinStream', () => {
  it.each([
    ['beginning', 1],
    ['now', 3],
    [0, 0],
    [7, 7],
  ] as [Position, number][])('finds the number that %s stands for', (from, seq) => {
    const log = createMemoryLog();
    const source = { log, rollup: createRollup(log) };
    log.create('s');
    log.append('s', encodedTexts('a', 'b', 'c'));
    log.trim('s', 1);
    const { life } = log.info('s')!;
    expect(joinStream(source, 's', { from })).toEqual({ life, seq, live: 3 });
    expect(() => joinStream(source, 'nobody', { from })).toThrow('there is no stream "nobody"');
  });

  it.each(['beginning', 'snapshot'] as const)('joins from the %s no other stream of the name', async (from) => {
    const log = createMemoryLog();
    const source = { log, rollup: createRollup(log) };
    log.create('s');
    const { life } = log.info('s')!;
    expect(await joinStream(source, 's', { from, life })).toMatchObject({ life, seq: 0 });
    log.delete('s');
    log.create('s');
    await expect((async () => joinStream(source, 's', { from, life }))()).rejects.toMatchObject({
      code: 'stream-not-found',
    });
    source.rollup.dispose();
  });

  it('finds a snapshot, and the beginning where there is none', async () => {
    const log = createMemoryLog();
    const source = { log, rollup: createRollup(log) };
    log.create('s');
    const { life } = log.info('s')!;
    expect(await joinStream(source, 's', { from: 'snapshot' })).toEqual({ life, seq: 0, live: 0 });
    log.append('s', encodedTexts('a', 'b'));
    expect(await joinStream(source, 's', { from: 'snapshot' })).toMatchObject({
      seq: 2,
      live: 2,
      snapshot: { seq: 2 },
    });
    source.rollup.dispose();
  });
});

describe('checkReader', () => {
  it.each([
    [{ from: -1 }, 'from must be'],
    [{ from: 'end' }, 'from must be'],
    [{ batch: 0 }, 'batch must be'],
  ])('refuses %j', (options, message) => {
    expect(() => checkReader(options as ReaderOptions)).toThrow(message);
  });

  it('takes what is right', () => {
    expect(checkReader({})).toBeUndefined();
    expect(checkReader({ from: 'now', batch: 1, onGap: 'skip' })).toBeUndefined();
  });
});

describe('followLog', () => {
  it('uses the turn of microtasks by default', async () => {
    const log = createMemoryLog();
    log.create('s');
    log.append('s', encodedTexts('a'));
    const got: unknown[] = [];
    (
      followLog({ log, readers: new Readers(), rollup: createRollup(log) }, 's', {}, () => {}) as Observable<{
        data: unknown;
      }>
    ).subscribe(({ data }) => got.push(data));
    await turns();
    expect(got).toEqual(['a']);
  });
});
