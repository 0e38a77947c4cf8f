import { describe, expect, it } from 'vitest';
import { type EncodedChunk, encodeChunk, createChunk, type StreamInfo } from '../chunk/index.js';
import type { MaybePromise } from '../log/log.js';
import { appendLaws } from './log-append-laws.js';
import { behavesAsItsModel } from './log-model.js';
import { removalLaws } from './log-removal-laws.js';
import { encoded, Follower, LogStage, type LogUnderTest, pause, refused, texts, thrownBy } from './log-stage.js';

/** Makes an empty log. */
export type MakeLog = () => MaybePromise<LogUnderTest>;

/**
 * Runs the laws every log keeps, as a `describe` of their own: order without gaps, chunks byte for byte, reading from
 * anywhere within limits, the live tail, idempotent producers and fencing, the end, trim, removal, lists and tallies; then
 * random commands against a naive model, for which `fast-check` must be installed.
 *
 * @param make - called once for each law
 *
 * @example
 * logLaws('memory', () => ({ log: createMemoryLog() }));
 */
export function logLaws(name: string, make: MakeLog): void {
  describe(`${name} keeps the laws of logs:`, () => {
    for (const { title, check } of logLawsOf(make)) it(title, check, 180_000);
  });
}

/** @internal One law, checked on one log. */
export interface LogLaw {
  readonly title: string;
  check(): Promise<void>;
}

/** @internal A law as it is written down. */
export type LogCheck = readonly [title: string, check: (stage: LogStage) => Promise<void>];

/** @internal The laws, each with its check: what {@link logLaws} registers. */
export function logLawsOf(make: MakeLog): readonly LogLaw[] {
  return [...laws, ...appendLaws, ...removalLaws].map(([title, check]) => ({
    title,
    check: async () => {
      const stage = new LogStage(await make());
      try {
        await check(stage);
      } finally {
        await stage.dispose();
      }
    },
  }));
}

const laws: readonly LogCheck[] = [
  ['creates a stream once, and lets it be asked for again', createsOnce],
  ['takes every name that can be one, and no other', takesNames],
  ['knows nothing of a stream that was not created', knowsNothing],
  ['keeps chunks in order, numbered without gaps', keepsOrder],
  ['gives chunks back byte for byte', keepsBytes],
  ['keeps a batch as it was when it was handed over', keepsItsOwnBatch],
  ['reads from anywhere', readsFromAnywhere],
  ['keeps to the limits of a read, but gives one chunk', keepsToLimits],
  ['leads a reader to the live tail and the end', leadsToTail],
  ['tells of a stream that was not there yet', tellsOfNewStream],
  ['tells of chunks that were forgotten and streams that were removed', tellsOfRemoval],
  ['stops telling at once, and only who asked for it', stopsTelling],
  ['lets a listener append, and listeners come and go', letsListenersAct],
  ['forgets chunks that are trimmed, never numbers or the end', trims],
  ['lists streams by path, sorted by name', lists],
  ['tells what is known of a stream', informs],
  ['refuses arguments that make no sense', refusesNonsense],
  ['does what its model does, whatever comes', behavesAsItsModel],
];

async function createsOnce({ log }: LogStage): Promise<void> {
  const config = { session: 's', source: 'a', target: 'b', contentType: 'text/plain', expectedChunks: 3 };
  await log.create('plain');
  await log.create('plain', {});
  await log.create('rich', config);
  await log.append('rich', texts(0, 1));
  await log.create('rich', { ...config });
  expect((await log.info('rich'))?.next).toBe(1);
  const others = [undefined, { ...config, expectedChunks: 4 }, { ...config, target: 'c' }, { ...config, metadata: {} }];
  for (const other of others) await refused('stream-exists', () => log.create('rich', other));
  await log.create('noted', { metadata: { a: [1, { b: null }], c: 'é' } });
  await log.create('noted', { metadata: { c: 'é', a: [1, { b: null }] } });
  await refused('stream-exists', () => log.create('noted', { metadata: { a: [1, { b: 0 }], c: 'é' } }));
  await refused('stream-exists', () => log.create('plain', { ttlMs: 1000 }));
}

async function takesNames(stage: LogStage): Promise<void> {
  const { log } = stage;
  const bad = ['', '.', 'a/../b', 'a//b', '/a', 'a/', 'a\\b', 'a\nb', 'a\u0000b', '\ud800', 'x'.repeat(513)];
  for (const name of bad) await refused('name-invalid', () => log.create(name));
  const good = ['x'.repeat(512), 'książki/漢字/😀', 'a b/%2F?#&="\'', '..a/*/[b]/{c}:d', 'constructor', '__proto__'];
  for (const name of good) await stage.stream(name, [encoded(name)]);
  for (const name of good) {
    expect(await stage.kept(name)).toEqual([encoded(name)]);
    expect((await log.info(name))?.streamId).toBe(name);
  }
  expect((await log.list()).map(({ streamId }) => streamId)).toEqual(good.toSorted());
}

async function knowsNothing({ log }: LogStage): Promise<void> {
  await refused('stream-not-found', () => log.append('nothing', texts(0, 1)));
  await refused('stream-not-found', () => log.append('nothing', []));
  await refused('stream-not-found', () => log.read('nothing', 0, { chunks: 1, bytes: 1 }));
  await refused('stream-not-found', () => log.trim('nothing', 1));
  expect(await log.info('nothing')).toBeUndefined();
  expect(await log.list()).toEqual([]);
  await log.delete('nothing');
}

async function keepsOrder(stage: LogStage): Promise<void> {
  await stage.stream('s');
  let next = 0;
  for (const count of [1, 0, 5, 2, 0, 17]) {
    const appended = await stage.log.append('s', texts(next, count));
    expect(appended).toEqual({ first: next, next: next + count, duplicates: 0, ended: false });
    next += count;
  }
  // Nobody waits for these: they are kept in the order of the calls all the same.
  await Promise.all(texts(next, 20).map(async (chunk) => stage.log.append('s', [chunk])));
  expect(await stage.kept('s')).toEqual(texts(0, next + 20));
}

async function keepsBytes(stage: LogStage): Promise<void> {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const chunks: EncodedChunk[] = [
    encoded(''),
    encoded('line\r\nline\u2028line\u0000 "quoted" \\ é e\u0301 ﬁ 漢字 😀 \u202e'),
    encoded(every),
    encoded(new Uint8Array(0)),
    // A view into the middle of other memory.
    encoded(every.subarray(100, 200)),
    encoded(new Uint8Array(70_000).map((_, i) => i * 7)),
    encoded('long '.repeat(20_000)),
    encodeChunk(createChunk({ streamId: 's', seq: 0, data: { deep: [null, 0, '', { a: true }] }, final: true })),
    encodeChunk(createChunk({ streamId: 's', seq: 0, data: every, type: 'audio', metadata: { kind: 'é' } })),
  ];
  await stage.stream('s', chunks);
  expect(await stage.kept('s')).toEqual(chunks);
}

async function keepsItsOwnBatch(stage: LogStage): Promise<void> {
  await stage.stream('s');
  const batch = texts(0, 2);
  const pending = stage.log.append('s', batch);
  batch.pop();
  batch.push(...texts(5, 3));
  await pending;
  expect(await stage.kept('s')).toEqual(texts(0, 2));
}

async function readsFromAnywhere(stage: LogStage): Promise<void> {
  await stage.stream('s', texts(0, 7));
  await stage.log.append('s', texts(7, 3));
  for (let from = 0; from <= 12; from++) {
    const { chunks, life: _, ...rest } = await stage.log.read('s', from, { chunks: 100, bytes: 1 << 20 });
    expect(rest).toEqual({ from, next: 10 });
    expect(chunks).toEqual(texts(from, Math.max(0, 10 - from)));
  }
}

async function keepsToLimits(stage: LogStage): Promise<void> {
  const chunks = [...texts(0, 4), encoded(new Uint8Array(5000)), ...texts(5, 4)];
  await stage.stream('s', chunks);
  const length = chunks[0]!.length;
  const counts = async (from: number, limit: { chunks: number; bytes: number }): Promise<number> => {
    const slice = await stage.log.read('s', from, limit);
    expect(slice.chunks).toEqual(chunks.slice(from, from + slice.chunks.length));
    return slice.chunks.length;
  };
  expect(await counts(0, { chunks: 3, bytes: 1 << 20 })).toBe(3);
  expect(await counts(0, { chunks: 1, bytes: 1 << 20 })).toBe(1);
  expect(await counts(0, { chunks: 100, bytes: 2 * length })).toBe(2);
  expect(await counts(0, { chunks: 100, bytes: 2 * length - 1 })).toBe(1);
  expect(await counts(0, { chunks: 100, bytes: 1 }), 'one chunk is always allowed').toBe(1);
  expect(await counts(4, { chunks: 100, bytes: 100 }), 'one chunk is always allowed').toBe(1);
  expect(await counts(3, { chunks: 100, bytes: 5000 })).toBe(1);
}

async function leadsToTail(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 3));
  const follower = new Follower(log, 's');
  for (let n = 3; n < 30; n += 3) await log.append('s', texts(n, 3));
  await stage.until('the reader is at the tail', () => follower.chunks.length === 30);
  expect(follower.end).toBeUndefined();
  // Now it waits: one chunk must wake it, and so must an end without any.
  await log.append('s', texts(30, 1));
  await stage.until('one chunk has come', () => follower.chunks.length === 31);
  await log.append('s', [], { close: { status: 'failed', reason: 'no more' } });
  await stage.until('the end has come', () => follower.end !== undefined);
  expect(follower.end).toEqual({ status: 'failed', reason: 'no more' });
  expect(follower.chunks).toEqual(texts(0, 31));
  follower.stop();
}

async function tellsOfNewStream(stage: LogStage): Promise<void> {
  const early = new Follower(stage.log, 's');
  await stage.stream('other', texts(0, 1));
  await stage.stream('s', texts(0, 2));
  await stage.until('the chunks have come', () => early.chunks.length === 2);
  early.stop();
}

async function tellsOfRemoval(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 4));
  let calls = 0;
  const stop = log.watch('s', () => calls++);
  const told = async (what: string, change: () => MaybePromise<void>): Promise<void> => {
    const before = calls;
    await change();
    await stage.until(what, () => calls > before);
  };
  await told('a trim is told', () => log.trim('s', 2));
  await told('a removal is told', () => log.delete('s'));
  stop();
}

async function stopsTelling(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  let calls = 0;
  const listener = (): void => void calls++;
  const stops = [log.watch('s', listener), log.watch('s', listener)];
  let others = 0;
  const stopOther = log.watch('s', () => others++);
  stops[0]!();
  stops[0]!();
  await log.append('s', texts(0, 1));
  await stage.until('the one that did not stop is told', () => calls > 0);
  // What is on its way when it stops does not arrive either.
  const pending = log.append('s', texts(1, 1));
  stops[1]!();
  const before = { calls, others };
  await pending;
  await log.append('s', texts(2, 1));
  await stage.until('the other is told', () => others > before.others);
  await pause(20);
  expect(calls, 'calls after stopping').toBe(before.calls);
  stopOther();
}

async function letsListenersAct(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s');
  let late: Follower | undefined;
  let callsAfterStop = 0;
  const stopLeaver = log.watch('s', () => {
    stopLeaver();
    stopVictim();
    late = new Follower(log, 's');
  });
  const stopVictim = log.watch('s', () => {
    if (late !== undefined) callsAfterStop++;
  });
  const follower = new Follower(log, 's');
  await log.append('s', texts(0, 1));
  await stage.until('the listener behind them is told', () => follower.chunks.length === 1);
  let appending: Promise<unknown> | undefined;
  const stopWriter = log.watch('s', () => {
    stopWriter();
    appending = (async () => log.append('s', texts(2, 1)))();
  });
  await log.append('s', texts(1, 1));
  await stage.until('the listener has appended', () => appending !== undefined);
  await appending;
  await stage.until('both readers have everything', () => follower.chunks.length === 3 && late?.chunks.length === 3);
  expect(callsAfterStop, 'calls after stopping').toBe(0);
  expect(follower.chunks).toEqual(texts(0, 3));
  for (const { stop } of [follower, late!]) stop();
}

async function trims(stage: LogStage): Promise<void> {
  const { log } = stage;
  await stage.stream('s', texts(0, 10));
  await log.trim('s', 0);
  expect((await log.info('s'))?.first).toBe(0);
  await log.trim('s', 4);
  await log.trim('s', 2);
  expect(await log.info('s')).toMatchObject({ first: 4, next: 10, chunks: { received: 10 } });
  const wide = { chunks: 100, bytes: 1 << 20 };
  expect(await log.read('s', 1, wide)).toMatchObject({ from: 4, chunks: texts(4, 6), next: 10 });
  expect(await log.read('s', 6, { chunks: 1, bytes: 1 })).toMatchObject({ from: 6, chunks: texts(6, 1), next: 10 });
  await log.trim('s', 1000);
  expect(await log.read('s', 0, wide)).toMatchObject({ from: 10, chunks: [], next: 10 });
  expect(await log.append('s', texts(10, 2))).toMatchObject({ first: 10, next: 12 });
  await log.append('s', [], { close: { status: 'completed' } });
  await log.trim('s', 12);
  expect(await log.read('s', 3, wide)).toMatchObject({ from: 12, chunks: [], next: 12, end: { status: 'completed' } });
}

async function lists(stage: LogStage): Promise<void> {
  const names = ['books', 'books/moby-dick', 'books/a/b', 'bookshop', 'Books', 'books-2', '\uffee', '😀/a'];
  for (const name of names) await stage.stream(name);
  const listed = async (prefix?: string): Promise<readonly string[]> =>
    (await stage.log.list(prefix)).map(({ streamId }) => streamId);
  expect(await listed()).toEqual(names.toSorted());
  expect(await listed('')).toEqual(names.toSorted());
  expect(await listed('books')).toEqual(['books', 'books/a/b', 'books/moby-dick']);
  expect(await listed('books/')).toEqual(['books/a/b', 'books/moby-dick']);
  expect(await listed('books/a')).toEqual(['books/a/b']);
  expect(await listed('😀')).toEqual(['😀/a']);
  for (const nothing of ['book', 'b', '/', 'books/m', 'books/moby-dick/', '*', 'books*']) {
    expect(await listed(nothing), nothing).toEqual([]);
  }
  expect(await stage.log.list('books')).toContainEqual(await stage.log.info('books'));
}

async function informs(stage: LogStage): Promise<void> {
  const { log } = stage;
  const labels = { session: 's', source: 'a', target: 'b', contentType: 'text/plain' };
  const config = { ...labels, metadata: { 'x-größe': [1, null, { deep: true }] } };
  await log.create('s', { ...config, expectedChunks: 3, expectedBytes: 20 });
  const known = async (): Promise<StreamInfo> => (await log.info('s'))!;
  const { createdAt, life, ...empty } = await known();
  expect(empty).toEqual({
    ...config,
    streamId: 's',
    status: 'active',
    first: 0,
    next: 0,
    chunks: { expected: 3, received: 0, missing: 3 },
    bytes: { expected: 20, received: 0, missing: 20 },
  });
  await log.append('s', [encoded('né'), encoded(new Uint8Array(4))]);
  const some = await known();
  expect(some.chunks).toEqual({ expected: 3, received: 2, missing: 1 });
  expect(some.bytes, 'the data, not its encoding').toEqual({ expected: 20, received: 7, missing: 13 });
  expect(some.lastChunkAt).toBeGreaterThanOrEqual(createdAt);
  expect(some).not.toHaveProperty('endedAt');
  await log.append('s', [encoded('x'.repeat(50)), encoded('')], { close: { status: 'failed', reason: 'why not' } });
  const ended = await known();
  expect(ended).toMatchObject({ status: 'failed', reason: 'why not', createdAt, life, first: 0, next: 4 });
  expect(ended.chunks, 'more than expected').toEqual({ expected: 3, received: 4, missing: 0 });
  expect(ended.endedAt).toBeGreaterThanOrEqual(ended.lastChunkAt!);
  await stage.stream('bare');
  expect((await log.info('bare'))?.bytes).toEqual({ received: 0 });
}

async function refusesNonsense({ log }: LogStage): Promise<void> {
  await log.create('s');
  const limit = { chunks: 1, bytes: 1 };
  const producer = { id: 'p', epoch: 0, seq: 0 };
  const nonsense: (() => unknown)[] = [
    () => log.read('s', -1, limit),
    () => log.read('s', 0.5, limit),
    () => log.read('s', 0, { ...limit, chunks: 0 }),
    () => log.read('s', 0, { ...limit, bytes: NaN }),
    () => log.trim('s', -1),
    () => log.create('t', { expectedChunks: -1 }),
    () => log.create('t', { expectedBytes: 0.5 }),
    () => log.create('t', { ttlMs: 0 }),
    () => log.create('t', { contentType: 5 as never }),
    () => log.create('t', { metadata: [] as never }),
    () => log.create('t', { metadata: { a: undefined as never } }),
    () => log.create('t', { metadata: { a: 'x'.repeat(4096) } }),
    () => log.append('s', [], { at: -1 }),
    () => log.append('s', [], { life: 5 as never }),
    () => log.append('s', [], { producer: { ...producer, counts: 'bytes' as never } }),
    () => log.append('s', [], { producer: { ...producer, id: '' } }),
    () => log.append('s', [], { producer: { ...producer, id: 'p'.repeat(257) } }),
    () => log.append('s', [], { producer: { ...producer, epoch: -1 } }),
    () => log.append('s', [], { producer: { ...producer, seq: 2 ** 53 } }),
    () => log.append('s', [], { close: { status: 'ended' as never } }),
    () => log.append('s', [], { close: { status: 'failed', reason: 'r'.repeat(1025) } }),
  ];
  for (const work of nonsense) {
    const thrown = await thrownBy(work);
    expect(thrown instanceof TypeError || thrown instanceof RangeError, String(work)).toBe(true);
  }
  expect(await log.info('t')).toBeUndefined();
}
