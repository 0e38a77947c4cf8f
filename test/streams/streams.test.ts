import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/log/log.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { type Cancellation, createStreams, type StreamEvent } from '../../src/streams/index.js';
import { encodedTexts, textBodies } from '../bodies.js';
import { LateLog } from '../gateway/late-log.js';
import { VirtualTime } from '../virtual-time.js';

const kinds = ['log that answers at once', 'log that answers late'] as const;

function stage(kind: (typeof kinds)[number] = kinds[0], listen = true) {
  const late = kind === kinds[1] ? new LateLog() : undefined;
  const kept = late?.inner ?? createMemoryLog({ now: () => 5 });
  const log: Log = late ?? kept;
  const streams = createStreams({ log });
  const events: StreamEvent[] = [];
  const cancellations: Cancellation[] = [];
  const ends: string[] = [];
  if (listen) streams.events.subscribe({ next: (event) => events.push(event), complete: () => ends.push('events') });
  streams.cancellations.subscribe({
    next: (one) => cancellations.push(one),
    complete: () => ends.push('cancellations'),
  });
  /** What comes of a call when the log has answered. */
  const outcome = async <T>(call: () => T | Promise<T>): Promise<T> => {
    let settled = false;
    const result = (async () => call())();
    result.then(
      () => (settled = true),
      () => (settled = true),
    );
    while (!settled) {
      for (let hops = 0; hops < 8; hops++) await undefined;
      late?.answerOne();
    }
    return result;
  };
  /** What happened; how long it took is a number, and no more is said of it. */
  const told = () =>
    events.splice(0).map((event) => {
      if (!('tookMs' in event)) return event;
      const { tookMs, ...rest } = event;
      expect(tookMs).toBeGreaterThanOrEqual(0);
      if (rest.type === 'stream.created') return rest;
      return { ...rest, chunks: rest.chunks.map(({ head }) => (JSON.parse(head) as { data: unknown }).data) };
    });
  return { streams, kept, late, outcome, told, cancellations, ends };
}

describe.each(kinds)('createStreams over a %s', (kind) => {
  it('creates a stream once, and tells once', async () => {
    const { streams, outcome, told, kept } = stage(kind);
    await outcome(() => streams.create('s', { source: 'me' }));
    await outcome(() => streams.create('s', { source: 'me' }));
    expect(told()).toEqual([{ type: 'stream.created', streamId: 's' }]);
    expect(kept.info('s')).toMatchObject({ source: 'me', next: 0 });
    await expect(outcome(() => streams.create('s', { source: 'you' }))).rejects.toMatchObject({
      code: 'stream-exists',
    });
    await expect(outcome(() => streams.create('a//b'))).rejects.toMatchObject({ code: 'name-invalid' });
  });

  it('publishes chunks, creates the stream if need be, and tells of both', async () => {
    const { streams, outcome, told } = stage(kind);
    expect(await outcome(() => streams.publish('s', textBodies('a', 'bc')))).toMatchObject({ first: 0, next: 2 });
    expect(await outcome(() => streams.append('s', encodedTexts('d')))).toMatchObject({ first: 2, next: 3 });
    expect(told()).toEqual([
      { type: 'stream.created', streamId: 's' },
      { type: 'stream.chunk_sent', streamId: 's', from: 0, to: 2, bytes: 3, chunks: ['a', 'bc'] },
      { type: 'stream.chunk_sent', streamId: 's', from: 2, to: 3, bytes: 1, chunks: ['d'] },
    ]);
  });

  it('tells once of chunks and of an end that are sent twice', async () => {
    const { streams, outcome, told } = stage(kind);
    const options = { producer: { id: 'p', epoch: 0, seq: 0 }, close: { status: 'completed' } } as const;
    for (let i = 0; i < 2; i++) await outcome(() => streams.publish('s', textBodies('a', 'bc'), options));
    expect(told()).toEqual([
      { type: 'stream.created', streamId: 's' },
      { type: 'stream.chunk_sent', streamId: 's', from: 0, to: 2, bytes: 3, chunks: ['a', 'bc'] },
      { type: 'stream.completed', streamId: 's', chunks: 2 },
      { type: 'stream.chunk_repeated', streamId: 's', chunks: 2 },
    ]);
    await outcome(() => streams.create('t'));
    const overlap = (datas: string[]) => () =>
      streams.publish('t', textBodies(...datas), { producer: { id: 'p', epoch: 0, seq: 0 } });
    await outcome(overlap(['a']));
    told();
    await outcome(overlap(['a', 'bcd']));
    expect(told()).toEqual([
      { type: 'stream.chunk_repeated', streamId: 't', chunks: 1 },
      { type: 'stream.chunk_sent', streamId: 't', from: 1, to: 2, bytes: 3, chunks: ['bcd'] },
    ]);
  });

  it.each([
    ['completed', undefined, { type: 'stream.completed', chunks: 1 }],
    ['failed', 'broke', { type: 'stream.failed', chunks: 1, reason: 'broke' }],
    ['cancelled', undefined, { type: 'stream.cancelled', chunks: 1, reason: undefined }],
  ] as const)('ends a stream as %s, tells of it once, and refuses another end', async (status, reason, event) => {
    const { streams, outcome, told, kept, cancellations } = stage(kind);
    await outcome(() => streams.publish('s', textBodies('a')));
    told();
    for (let i = 0; i < 2; i++) await outcome(() => streams.close('s', status, reason));
    expect(told()).toEqual([{ ...event, streamId: 's' }]);
    expect(kept.info('s')).toMatchObject({ status });
    const other = status === 'completed' ? 'failed' : 'completed';
    await expect(outcome(() => streams.close('s', other))).rejects.toMatchObject({
      code: status === 'cancelled' ? 'stream-cancelled' : 'stream-closed',
    });
    expect(cancellations).toEqual(status === 'cancelled' ? [{ streamId: 's', reason }] : []);
  });

  it('completes a stream by default, and none that is not there', async () => {
    const { streams, outcome, kept } = stage(kind);
    await outcome(() => streams.create('s'));
    await outcome(() => streams.close('s'));
    expect(kept.info('s')).toMatchObject({ status: 'completed' });
    await expect(outcome(() => streams.close('nobody'))).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('cancels a stream, tells its producers, and leaves one alone that has ended', async () => {
    const { streams, outcome, told, kept, cancellations } = stage(kind);
    for (const name of ['s', 'ended']) await outcome(() => streams.create(name));
    await outcome(() => streams.close('ended'));
    told();
    await outcome(() => streams.cancel('s', 'enough'));
    await outcome(() => streams.cancel('s'));
    await outcome(() => streams.cancel('ended'));
    expect(cancellations).toEqual([{ streamId: 's', reason: 'enough' }]);
    expect(told()).toEqual([{ type: 'stream.cancelled', streamId: 's', chunks: 0, reason: 'enough' }]);
    expect(kept.info('ended')).toMatchObject({ status: 'completed' });
    await expect(outcome(() => streams.cancel('nobody'))).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('tells producers also of a cancellation that one of them published', async () => {
    const { streams, outcome, cancellations } = stage(kind, false);
    await outcome(() => streams.publish('s', [], { close: { status: 'cancelled', reason: 'mine' } }));
    expect(cancellations).toEqual([{ streamId: 's', reason: 'mine' }]);
  });

  it('shows, lists and removes streams', async () => {
    const { streams, outcome, told } = stage(kind);
    for (const name of ['b/2', 'a', 'b/1']) await outcome(() => streams.create(name));
    told();
    expect(await outcome(() => streams.info('a'))).toMatchObject({ streamId: 'a', status: 'active' });
    expect(await outcome(() => streams.info('nobody'))).toBeUndefined();
    const names = async (prefix?: string) =>
      (await outcome(() => streams.list(prefix))).map(({ streamId }) => streamId);
    expect([await names(), await names('b')]).toEqual([
      ['a', 'b/1', 'b/2'],
      ['b/1', 'b/2'],
    ]);
    await outcome(() => streams.delete('a'));
    expect(told()).toEqual([{ type: 'stream.deleted', streamId: 'a' }]);
    expect(await outcome(() => streams.info('a'))).toBeUndefined();
  });

  it.each([
    ['publish', (streams: ReturnType<typeof createStreams>) => streams.publish('..', [])],
    ['append', (streams: ReturnType<typeof createStreams>) => streams.append('..', [])],
    ['info', (streams: ReturnType<typeof createStreams>) => streams.info('..')],
    ['close', (streams: ReturnType<typeof createStreams>) => streams.close('..')],
    ['cancel', (streams: ReturnType<typeof createStreams>) => streams.cancel('..')],
    ['delete', (streams: ReturnType<typeof createStreams>) => streams.delete('..')],
    ['receive', (streams: ReturnType<typeof createStreams>) => streams.receive('..')],
    ['read', (streams: ReturnType<typeof createStreams>) => streams.read('..')],
  ])('takes no wrong name for %s, and does not ask the log', async (_, call) => {
    const { streams, outcome, kept } = stage(kind);
    kept.append = () => {
      throw new Error('asked');
    };
    await expect(outcome(() => call(streams) as Promise<unknown>)).rejects.toMatchObject({ code: 'name-invalid' });
  });

  it('fails to publish as the log does', async () => {
    const { streams, outcome, kept } = stage(kind);
    await outcome(() => streams.create('s'));
    await outcome(() => streams.close('s'));
    await expect(outcome(() => streams.publish('s', textBodies('a')))).rejects.toMatchObject({ code: 'stream-closed' });
    kept.append = () => {
      throw new Error('the disk is gone');
    };
    await expect(outcome(() => streams.publish('s', textBodies('a')))).rejects.toThrow('the disk is gone');
  });

  it('tells what was refused, and why', async () => {
    const { streams, outcome, told, kept } = stage(kind);
    await outcome(() => streams.create('s'));
    await outcome(() => streams.close('s'));
    told();
    await expect(outcome(() => streams.publish('s', textBodies('a', 'b')))).rejects.toThrow();
    kept.append = () => {
      throw new Error('the disk is gone');
    };
    await expect(outcome(() => streams.publish('s', textBodies('a')))).rejects.toThrow();
    expect(told()).toEqual([
      { type: 'stream.chunk_refused', streamId: 's', chunks: 2, code: 'stream-closed' },
      { type: 'stream.chunk_refused', streamId: 's', chunks: 1, code: 'internal' },
    ]);
  });

  it('acknowledges what a producer sends again behind the end, and shows it all to who comes late', async () => {
    const { streams, outcome } = stage(kind);
    const producer = { id: 'p', epoch: 0, seq: 0 };
    await outcome(() => streams.publish('s', textBodies('a', 'b'), { producer }));
    await outcome(() => streams.close('s'));
    expect(await outcome(() => streams.publish('s', textBodies('a', 'b'), { producer }))).toMatchObject({
      duplicates: 2,
    });
    const late = streams.publish('s', textBodies('c'), { producer: { ...producer, seq: 2 } });
    await expect(outcome(() => late)).rejects.toMatchObject({ code: 'stream-closed' });
    expect(await outcome(() => streams.info('s'))).toMatchObject({ status: 'completed', next: 2 });
  });

  it('ends a stream only where it is said to be, when that is said', async () => {
    const { streams, outcome, told } = stage(kind);
    await outcome(() => streams.publish('s', textBodies('a', 'b')));
    told();
    await expect(outcome(() => streams.close('s', 'failed', 'stale', 1))).rejects.toMatchObject({
      code: 'append-conflict',
    });
    await outcome(() => streams.close('s', 'failed', 'stale', 2));
    expect(told()).toEqual([
      { type: 'stream.stale', streamId: 's', chunks: 2 },
      { type: 'stream.failed', streamId: 's', chunks: 2, reason: 'stale' },
    ]);
  });

  it('ends its events with the log', async () => {
    const { streams, outcome, ends } = stage(kind);
    await outcome(() => streams.create('s'));
    await outcome(() => streams.dispose());
    expect(ends).toEqual(['events', 'cancellations']);
  });
});

describe('createStreams', () => {
  it('answers at once where the log does', () => {
    const { streams } = stage();
    expect(streams.create('s')).toBeUndefined();
    expect(streams.append('s', encodedTexts('a'))).toMatchObject({ next: 1 });
    expect(streams.info('s')).toMatchObject({ next: 1 });
    expect(streams.cancel('s')).toBeUndefined();
  });

  it('is not disturbed by an end that comes while it cancels', async () => {
    const { streams, kept, late, cancellations } = stage(kinds[1]);
    kept.create('s');
    const cancelling = streams.cancel('s');
    late!.answerOne();
    for (let hops = 0; hops < 8; hops++) await undefined;
    kept.append('s', [], { close: { status: 'completed' } });
    while (late!.answerOne());
    await cancelling;
    expect(cancellations).toEqual([]);
    kept.create('t');
    const failing = streams.cancel('t');
    late!.answerOne();
    for (let hops = 0; hops < 8; hops++) await undefined;
    kept.delete('t');
    while (late!.answerOne());
    await expect(failing).rejects.toMatchObject({ code: 'stream-not-found' });
  });

  it('reads as told by whoever reads', async () => {
    const { streams, told } = stage();
    await streams.publish('s', textBodies('a', 'b'), { close: { status: 'completed' } });
    told();
    const pushed: unknown[] = [];
    await streams.receive('s', { from: 1 }).forEach(({ data }) => void pushed.push(data));
    const pulled: unknown[] = [];
    for await (const { data } of streams.read('s')) pulled.push(data);
    expect([pushed, pulled]).toEqual([['b'], ['a', 'b']]);
    expect(told().map(({ type }) => type)).toEqual(['stream.chunk', 'stream.chunk', 'stream.chunk']);
    expect(() => streams.receive('s', { batch: 0 })).toThrow('batch must be');
    expect(() => streams.read('s', { from: -1 })).toThrow('from must be');
  });

  it('tells the age of what comes when the reader is there, and not of what lay in the log', async () => {
    const time = new VirtualTime();
    const streams = createStreams({ log: createMemoryLog({ now: () => time.now() }), scheduler: time });
    const ages: unknown[] = [];
    streams.events.subscribe((event) => event.type === 'stream.chunk' && ages.push([event.seq, event.ageMs]));
    await streams.publish('s', textBodies('a'));
    streams.receive('s').subscribe();
    await time.pass(20);
    await streams.publish('s', textBodies('b'), { close: { status: 'completed' } });
    await time.pass(5);
    expect(ages).toEqual([
      [0, undefined],
      [1, 20],
    ]);
  });

  it.each([
    [{ graceMs: -1 }, 'graceMs must be'],
    [{ limits: { maxChunks: 0 } }, 'maxChunks must be'],
    [{ rollup: { everyChunks: 0 } }, 'everyChunks must be'],
  ])('refuses %j', (options, message) => {
    expect(() => createStreams({ log: createMemoryLog(), ...options })).toThrow(message);
  });

  it('reads without anybody listening to its events', async () => {
    const { streams } = stage(kinds[0], false);
    await streams.publish('s', textBodies('a'), { close: { status: 'completed' } });
    const pulled: unknown[] = [];
    for await (const { data } of streams.read('s')) pulled.push(data);
    expect(pulled).toEqual(['a']);
  });
});
