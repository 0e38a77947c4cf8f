import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/chunk/index.js';
import { createMemoryLog, type MemoryLogOptions } from '../../src/log/memory.js';
import { logLaws } from '../../src/testing/log-laws.js';
import { encoded, refused, texts } from '../../src/testing/log-stage.js';

logLaws('memory', () => makeLog());

/** A log whose clock stands still until it is told the time. */
function makeLog(options: MemoryLogOptions = {}) {
  let now = 1_000_000;
  return { log: createMemoryLog({ now: () => now, ...options }), advance: (ms: number) => void (now += ms) };
}

const wide = { chunks: 10_000, bytes: 1 << 26 };
const completed = { close: { status: 'completed' } } as const;
/** Encoded bytes of each of `texts(10, 90)`. */
const { length } = encoded('chunk 10');

describe('createMemoryLog', () => {
  it('answers at once, never with a promise', () => {
    const { log } = makeLog();
    const answers = [
      log.create('s'),
      log.append('s', texts(0, 1)),
      log.read('s', 0, wide),
      log.info('s'),
      log.trim('s', 1),
      log.list(),
      log.delete('s'),
      log.dispose(),
    ];
    expect(answers.filter((answer: unknown) => answer instanceof Promise)).toEqual([]);
  });

  it('tells a watcher before append returns, when everything is in place', () => {
    const { log } = makeLog();
    log.create('s');
    const seen: unknown[] = [];
    log.watch('s', () => seen.push(log.read('s', 0, wide)));
    log.append('s', texts(0, 2), completed);
    expect(seen).toMatchObject([{ from: 0, chunks: texts(0, 2), next: 2, end: { status: 'completed' } }]);
  });

  it('tells nobody when nothing has changed', () => {
    const { log } = makeLog();
    log.create('s');
    const producer = { id: 'p', epoch: 0, seq: 0 };
    log.append('s', texts(0, 1), { producer, ...completed });
    let calls = 0;
    log.watch('s', () => calls++);
    log.append('s', texts(0, 1), { producer, ...completed });
    log.append('s', []);
    log.trim('s', 0);
    log.delete('another');
    expect(calls).toBe(0);
  });

  it('takes its times from the clock it is given', () => {
    const { log, advance } = makeLog();
    log.create('s');
    advance(5);
    log.append('s', texts(0, 1));
    advance(7);
    log.append('s', [], completed);
    expect(log.info('s')).toMatchObject({ createdAt: 1_000_000, lastChunkAt: 1_000_005, endedAt: 1_000_012 });
  });

  it('has a clock of its own', () => {
    const log = createMemoryLog();
    const before = Date.now();
    log.create('s');
    expect(log.info('s')!.createdAt).toBeGreaterThanOrEqual(before);
  });

  it('forgets everything when it is disposed of', () => {
    const { log } = makeLog({ maxTotalBytes: 100, maxBytes: 100 });
    log.create('s');
    log.append('s', texts(10, 1), completed);
    let calls = 0;
    log.watch('s', () => calls++);
    log.dispose();
    expect(log.list()).toEqual([]);
    log.create('s');
    log.append('s', texts(10, 1));
    expect(calls).toBe(0);
  });

  it.each(['maxChunks', 'maxBytes', 'maxTotalBytes', 'maxStreams', 'maxProducers', 'ttlMs'])(
    'refuses %s that is none',
    (option) => {
      expect(() => createMemoryLog({ [option]: 0 })).toThrow(new RegExp(`^${option} must be .*got 0$`));
      expect(() => createMemoryLog({ [option]: '5' })).toThrow(TypeError);
    },
  );

  it('has the bounds its documentation says', () => {
    const log = createMemoryLog();
    const large = { ...encoded(new Uint8Array(0)), length: 64 << 20 };
    for (let n = 0; n < 8; n++) {
      log.create(`s${n}`);
      log.append(`s${n}`, [large]);
    }
    expect(log.info('s0')).toMatchObject({ first: 0, next: 1 });
    log.create('s8');
    expect(() => log.append('s8', texts(0, 1))).toThrow('there is no room');
    expect(() => log.append('s0', [{ ...large, length: large.length + 1 }])).toThrow('keeps 67108864 bytes');
  });
});

describe('bounds of a stream in memory', () => {
  it('lets the oldest chunks go beyond maxChunks', () => {
    const { log } = makeLog({ maxChunks: 5 });
    log.create('s');
    for (let n = 0; n < 4; n++) log.append('s', texts(3 * n, 3));
    expect(log.info('s')).toMatchObject({ first: 7, next: 12, chunks: { received: 12 } });
    expect(log.read('s', 0, wide)).toMatchObject({ from: 7, chunks: texts(7, 5), next: 12 });
  });

  it('lets the oldest chunks go beyond maxBytes', () => {
    const { log } = makeLog({ maxBytes: 3 * length + 1 });
    log.create('s');
    log.append('s', texts(10, 4));
    expect(log.read('s', 0, wide)).toMatchObject({ from: 1, chunks: texts(11, 3), next: 4 });
    log.append('s', texts(14, 1));
    expect(log.read('s', 0, wide)).toMatchObject({ from: 2, chunks: texts(12, 3), next: 5 });
  });

  it('keeps the end of a batch that is larger than the stream may be', () => {
    const { log } = makeLog({ maxChunks: 4 });
    log.create('s');
    log.append('s', texts(0, 2));
    expect(log.append('s', texts(2, 10))).toMatchObject({ first: 2, next: 12 });
    expect(log.read('s', 0, wide)).toMatchObject({ from: 8, chunks: texts(8, 4), next: 12 });
  });

  it('refuses a chunk that is larger than the stream may be, and its whole batch', async () => {
    const { log } = makeLog({ maxBytes: 200 });
    log.create('s');
    const producer = { id: 'p', epoch: 0, seq: 0 };
    const batch = [...texts(10, 1), encoded('x'.repeat(200))];
    await refused('chunk-too-large', () => log.append('s', batch, { producer, ...completed }));
    expect(log.info('s')).toMatchObject({ next: 0, status: 'active' });
    expect(log.append('s', texts(10, 1), { producer }).duplicates).toBe(0);
  });

  it('acknowledges a chunk that has become too large, when it had been kept', () => {
    const { log } = makeLog({ maxBytes: length });
    log.create('s');
    const producer = { id: 'p', epoch: 0, seq: 0 };
    log.append('s', texts(10, 1), { producer });
    const batch = [encoded('x'.repeat(200)), ...texts(11, 1)];
    expect(log.append('s', batch, { producer })).toMatchObject({ duplicates: 1, next: 2 });
  });

  it('refuses one producer more than it may know, and still knows the others', async () => {
    const { log } = makeLog({ maxProducers: 2 });
    log.create('s');
    const append = (id: string, seq: number) => log.append('s', texts(seq, 1), { producer: { id, epoch: 0, seq } });
    append('p', 0);
    append('q', 0);
    const { details } = await refused('limit-reached', () => append('r', 0));
    expect(details.streamId).toBe('s');
    expect(append('p', 1)).toMatchObject({ next: 3 });
    expect(append('q', 0)).toMatchObject({ duplicates: 1, next: 3 });
    log.create('t');
    expect(log.append('t', [], { producer: { id: 'r', epoch: 0, seq: 0 } })).toMatchObject({ next: 0 });
  });
});

describe('bounds of a log in memory', () => {
  it('refuses an append that has no room, and keeps nothing of it', async () => {
    const { log } = makeLog({ maxTotalBytes: 5 * length });
    for (const name of ['s', 't']) log.create(name);
    log.append('s', texts(10, 3));
    const producer = { id: 'p', epoch: 0, seq: 0 };
    await refused('log-full', () => log.append('t', texts(10, 3), { producer, ...completed }));
    expect(log.info('t')).toMatchObject({ next: 0, status: 'active' });
    expect(log.append('t', texts(10, 2), { producer })).toMatchObject({ first: 0, next: 2, duplicates: 0 });
    await refused('log-full', () => log.append('s', texts(13, 1)));
    expect(log.append('s', [], completed).ended).toBe(true);
  });

  it('has room again when chunks are trimmed or streams removed', async () => {
    const { log } = makeLog({ maxTotalBytes: 4 * length });
    for (const name of ['s', 't']) log.create(name);
    log.append('s', texts(10, 4));
    log.trim('s', 1);
    log.append('t', texts(10, 1));
    await refused('log-full', () => log.append('t', texts(11, 1)));
    log.delete('s');
    log.append('t', texts(11, 3));
    await refused('log-full', () => log.append('t', texts(14, 1)));
  });

  it('counts what an append lets go as room', () => {
    const { log } = makeLog({ maxChunks: 3, maxTotalBytes: 3 * length });
    log.create('s');
    for (let n = 10; n < 90; n += 2) log.append('s', texts(n, 2));
    expect(log.read('s', 0, wide)).toMatchObject({ from: 77, chunks: texts(87, 3), next: 80 });
  });

  it('refuses one stream more than it may keep, until one is gone', async () => {
    const { log } = makeLog({ maxStreams: 2 });
    for (const name of ['s', 't', 's']) log.create(name);
    await refused('log-full', () => log.create('u'));
    log.delete('s');
    log.create('u');
    expect(log.list().map(({ streamId }) => streamId)).toEqual(['t', 'u']);
  });
});

describe('expiry in memory', () => {
  it('removes ended streams after ttlMs, and makes room', async () => {
    const { log, advance } = makeLog({ maxStreams: 2, maxTotalBytes: 4 * length, ttlMs: 1000 });
    for (const name of ['s', 't']) log.create(name);
    log.append('s', texts(10, 4), completed);
    advance(999);
    await refused('log-full', () => log.create('u'));
    await refused('log-full', () => log.append('t', texts(10, 1)));
    advance(1);
    log.append('t', texts(10, 4));
    log.create('u');
    expect(log.list().map(({ streamId }) => streamId)).toEqual(['t', 'u']);
  });

  it('is an hour by default', () => {
    const { log, advance } = makeLog();
    log.create('s');
    log.append('s', [], completed);
    advance(3_599_999);
    expect(log.info('s')?.status).toBe('completed');
    advance(1);
    expect(log.info('s')).toBeUndefined();
  });

  it('removes each when its own time has come, and tells its watchers', () => {
    const { log, advance } = makeLog();
    const told: string[] = [];
    for (const ttlMs of [300, 100, 200]) {
      const name = `s${ttlMs}`;
      log.create(name, { ttlMs });
      log.append(name, [], completed);
      log.watch(name, () => told.push(name));
    }
    const at: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      at.push(log.list().length);
      advance(100);
    }
    expect(at).toEqual([3, 2, 1, 0]);
    expect(told).toEqual(['s100', 's200', 's300']);
  });

  it('lets a watcher of a removed stream make it anew at once', () => {
    const { log, advance } = makeLog({ ttlMs: 10 });
    for (const name of ['s', 't']) {
      log.create(name);
      log.append(name, texts(0, 1), completed);
    }
    log.watch('s', () => {
      if (log.info('s') !== undefined) return;
      log.create('s', { contentType: 'text/plain' });
      log.append('s', texts(5, 1));
      log.delete('t');
    });
    advance(10);
    expect(() => log.create('s')).toThrow(StreamError);
    expect(log.read('s', 0, wide).chunks).toEqual(texts(5, 1));
    expect(log.info('t')).toBeUndefined();
  });
});
