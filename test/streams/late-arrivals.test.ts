import { describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams, type StreamEvent } from '../../src/streams/index.js';
import { isIncomplete } from '../../src/streams/late-arrivals.js';
import { textBodies } from '../bodies.js';
import { VirtualTime } from '../virtual-time.js';

function stage(graceMs?: number) {
  const time = new VirtualTime();
  const log = createMemoryLog({ now: () => time.now() });
  const streams = createStreams({ log, scheduler: time, ...(graceMs === undefined ? {} : { graceMs }) });
  const events: StreamEvent['type'][] = [];
  streams.events.subscribe(({ type }) => events.push(type));
  const status = () => {
    const { status: is, reason } = log.info('s')!;
    return reason === undefined ? is : `${is}: ${reason}`;
  };
  /** Ends a stream; tells how that ended. */
  const closing = () => {
    const state = { is: 'waits' };
    Promise.resolve(streams.close('s')).then(
      () => (state.is = 'done'),
      (error: { code: string }) => (state.is = error.code),
    );
    return state;
  };
  return { time, log, streams, events, status, closing };
}

describe('an end that comes before the chunks announced', () => {
  it.each([
    ['chunks', { expectedChunks: 3 }],
    ['bytes', { expectedBytes: 3 }],
  ])('waits for the %s, and comes when they are here', async (_, config) => {
    const { time, log, streams, status, closing } = stage();
    await streams.create('s', config);
    await streams.publish('s', textBodies('a'));
    const state = closing();
    await time.pass(29_000);
    expect([state.is, status()]).toEqual(['waits', 'active']);
    await streams.publish('s', textBodies('b', 'c'));
    await time.pass(1);
    expect([state.is, status(), log.info('s')!.next]).toEqual(['done', 'completed', 3]);
    expect(time.actions).toEqual([]);
  });

  it('is a failure when they do not come in time', async () => {
    const { time, streams, status, closing, events } = stage(1000);
    await streams.create('s', { expectedChunks: 2 });
    const state = closing();
    await time.pass(999);
    expect(status()).toBe('active');
    await time.pass(5);
    expect([state.is, status(), events.at(-1)]).toEqual(['done', 'failed: chunks-missing', 'stream.failed']);
  });

  it('comes once, however often it is said', async () => {
    const { time, streams, status, closing, events } = stage(1000);
    await streams.create('s', { expectedChunks: 1 });
    const states = [closing(), closing()];
    await time.pass(10);
    await streams.publish('s', textBodies('a'));
    await time.pass(1);
    expect([states.map(({ is }) => is), status()]).toEqual([['done', 'done'], 'completed']);
    expect(events.filter((type) => type === 'stream.completed')).toHaveLength(1);
  });

  it('waits for nothing that was not announced, for no failure, and not when told so', async () => {
    const { streams, status } = stage();
    await streams.create('s');
    expect(streams.close('s')).toBeUndefined();
    expect(status()).toBe('completed');
    await streams.create('t', { expectedChunks: 2 });
    expect(streams.close('t', 'failed')).toBeUndefined();
    const impatient = stage(0);
    await impatient.streams.create('s', { expectedChunks: 2 });
    expect(impatient.streams.close('s')).toBeUndefined();
    await streams.create('u', { expectedChunks: 2 });
    expect(streams.close('u', 'completed', undefined, 0)).toBeUndefined();
  });

  it('gives way to another end, and to removal', async () => {
    const { time, streams, closing, log } = stage();
    await streams.create('s', { expectedChunks: 2 });
    const overtaken = closing();
    await streams.cancel('s');
    await time.pass(1);
    expect(overtaken.is).toBe('stream-cancelled');
    log.delete('s');
    await streams.create('s', { expectedChunks: 2 });
    const removed = closing();
    await streams.delete('s');
    await time.pass(1);
    expect(removed.is).toBe('stream-not-found');
  });

  it('is not waited for when the streams are disposed of', async () => {
    const { time, streams, closing } = stage();
    await streams.create('s', { expectedChunks: 2 });
    const state = closing();
    await time.pass(1);
    await streams.dispose();
    await time.pass(1);
    expect([state.is, time.actions]).toEqual(['client-closed', []]);
  });

  it('is not lost when the log cannot be asked for a while', async () => {
    const { time, log, streams, closing, status } = stage(100);
    await streams.create('s', { expectedChunks: 2 });
    const state = closing();
    await time.pass(1);
    const { info } = log;
    log.info = () => {
      throw new Error('away');
    };
    await streams.publish('s', textBodies('a', 'b'));
    await time.pass(50);
    expect(state.is).toBe('waits');
    log.info = info;
    await time.pass(60);
    expect([state.is, status()]).toEqual(['done', 'completed']);
  });
});

describe('isIncomplete', () => {
  it('is a stream that is active and misses what was announced', () => {
    const base = { streamId: 's', life: '1', status: 'active', createdAt: 0, first: 0, next: 1 } as const;
    const none = { received: 1 };
    expect(isIncomplete({ ...base, chunks: none, bytes: none })).toBe(false);
    expect(isIncomplete({ ...base, chunks: { ...none, missing: 1 }, bytes: none })).toBe(true);
    expect(isIncomplete({ ...base, chunks: none, bytes: { ...none, missing: 1 } })).toBe(true);
    expect(isIncomplete({ ...base, status: 'failed', chunks: { ...none, missing: 1 }, bytes: none })).toBe(false);
  });
});
