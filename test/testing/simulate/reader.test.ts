import { NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Chunk, createChunk, encodeChunk, StreamError } from '../../../src/chunk/index.js';
import type { Client } from '../../../src/client/index.js';
import { toAsyncIterable } from '../../../src/source/iterable.js';
import { Random } from '../../../src/testing/simulate/random.js';
import { Reader } from '../../../src/testing/simulate/reader.js';
import type { ReaderPlan } from '../../../src/testing/simulate/scenario.js';
import type { StreamTruth } from '../../../src/testing/simulate/truth.js';
import { VirtualTime } from '../../../src/testing/simulate/virtual-time.js';

const plan: ReaderPlan = {
  name: 'r0',
  stream: 0,
  client: 0,
  from: 'beginning',
  atMs: 0,
  window: { chunks: 4, bytes: 100 },
  paceMs: undefined,
  onGap: 'error',
  leaveAfter: undefined,
  follows: undefined,
};
const letters = [...'abcdef'];
const chunk = (seq: number, data = letters[seq] ?? 'x', streamId = 's'): Chunk =>
  createChunk({ streamId, seq, data, timestamp: 0 });

function stage(source: Observable<Chunk>, changes: Partial<ReaderPlan> = {}, truth: Partial<StreamTruth> = {}) {
  const time = new VirtualTime(1000);
  const found: string[] = [];
  const told: string[] = [];
  const stream: StreamTruth = {
    name: 's',
    chunks: letters.map((_, seq) => ({ encoded: encodeChunk(chunk(seq)), written: undefined })),
    first: 0,
    trims: [],
    end: { status: 'completed' },
    closing: true,
    oversized: false,
    ...truth,
  };
  const client = {
    receive: () => source,
    read: () => toAsyncIterable(source, { capacity: 100 }),
  } as unknown as Client;
  const events = { took: (next: number) => told.push(`took ${next}`), ended: () => told.push('ended') };
  const tell = ({ what }: { what: string }): void => void found.push(what);
  const reader = new Reader({ ...plan, ...changes }, stream, client, time, new Random(1), tell, events);
  reader.begin();
  return { reader, time, found, told, stream };
}

const all = of(...letters.map((_, seq) => chunk(seq)));
const some = (...seqs: number[]): Observable<Chunk> => of(...seqs.map((seq) => chunk(seq)));

describe('Reader', () => {
  it('is content with every chunk once, in order, and the end', () => {
    const { reader, found, told } = stage(all);
    expect(found).toEqual([]);
    expect(reader.ending).toEqual({ at: 0, how: 'completed' });
    expect(told).toEqual(['took 1', 'took 2', 'took 3', 'took 4', 'took 5', 'took 6', 'ended']);
  });

  it('pulls at its pace', async () => {
    const { reader, time, found } = stage(all, { paceMs: [10, 10] });
    await time.run(25);
    expect(reader.got.map(({ at }) => at)).toEqual([0, 10, 20]);
    await time.run(100);
    expect([reader.ending, found]).toEqual([{ at: 60, how: 'completed' }, []]);
  });

  it.each<[string, Observable<Chunk>, string]>([
    ['a missing chunk', some(0, 1, 3, 4, 5), 'r0 got chunk 3 and not chunk 2'],
    ['missing chunks', some(0, 4, 5), 'r0 got chunk 4 and not chunks 1 to 3'],
    ['a chunk too often', some(0, 1, 1, 2, 3, 4, 5), 'r0 got chunk 1 again'],
    ['a chunk that is late', some(1, 0), 'r0 got chunk 0 behind chunk 1'],
    ['an altered chunk', of(chunk(0, 'z')), 'r0 got chunk 0 altered'],
    ['a chunk of another stream', of(chunk(0, 'a', 't')), 'r0 got a chunk of t'],
    ['a chunk that is not there', of(chunk(6)), 'r0 got a chunk 6 that is not in the log'],
    ['an end too soon', some(0, 1, 2, 3), 'r0 ended without chunks 4 to 5'],
    [
      'an end of the wrong kind',
      throwError(() => new StreamError('stream-failed', '')),
      'r0 ended with stream-failed, the stream completed',
    ],
    ['an error of another kind', throwError(() => new Error('boom')), 'r0 ended with internal, the stream completed'],
    [
      'a gap where there is none',
      throwError(() => new StreamError('gap', '')),
      'r0 failed with a gap, and chunk 0 is in the log',
    ],
  ])('sees %s', (_, source, what) => {
    expect(stage(source).found).toContain(what);
  });

  it('sees chunks and ends that come after the end', () => {
    const { reader, found } = stage(all);
    reader.begin();
    expect(found).toContain('r0 got chunk 0 after its end');
    expect(found).toContain('r0 ended twice: completed, then completed');
  });

  it('sees an end that the stream does not have yet', () => {
    expect(stage(all, {}, { end: undefined }).found).toEqual(['r0 ended with completed, the stream goes on']);
  });

  it.each([
    ['failed', 'stream-failed'],
    ['cancelled', 'stream-cancelled'],
  ] as const)('ends as a stream that %s', (status, code) => {
    const source = new Observable<Chunk>((destination) => {
      all.subscribe({ next: (item) => destination.next(item) });
      destination.error(new StreamError(code, ''));
    });
    const { reader, found } = stage(source, {}, { end: { status } });
    expect([reader.ending?.how, found]).toEqual([code, []]);
  });

  describe('of a trimmed stream', () => {
    const trimmed = { first: 3 };

    it('may begin behind what is gone, and only there', () => {
      expect(stage(some(3, 4, 5), {}, trimmed).found).toEqual([]);
      expect(stage(some(4, 5), {}, trimmed).found).toEqual(['r0 got chunk 4 and not chunks 0 to 3']);
    });

    it('may go on behind what is gone when it skips gaps', () => {
      expect(stage(some(0, 3, 4, 5), { onGap: 'skip' }, trimmed).found).toEqual([]);
      expect(stage(some(0, 3, 4, 5), {}, trimmed).found).toEqual(['r0 got chunk 3 and not chunks 1 to 2']);
    });

    it('may end when all the rest is gone', () => {
      expect(stage(some(0), { onGap: 'skip' }, { first: 6 }).found).toEqual([]);
    });

    it('may fail with the gap, unless it skips gaps', () => {
      const gap = throwError(() => new StreamError('gap', ''));
      expect(stage(gap, {}, trimmed).found).toEqual([]);
      expect(stage(gap, { onGap: 'skip' }, trimmed).found).toEqual(['r0 failed with a gap that it was to skip']);
    });
  });

  it('begins at its number', () => {
    expect(stage(some(2, 3, 4, 5), { from: 2 }).found).toEqual([]);
    expect(stage(some(3, 4, 5), { from: 2 }).found).toEqual(['r0 got chunk 3 and not chunk 2']);
    expect(stage(some(), { from: 9 }).found).toEqual([]);
  });

  it('begins now: with nothing old, and where the server said', () => {
    const source = new Subject<Chunk>();
    const { reader, stream, found } = stage(source, { from: 'now' });
    source.next(chunk(5));
    expect(found).toEqual(['r0 wanted what comes now, and got the old chunk 5']);
    expect(reader.next).toBe(6);
    expect(stream.chunks).toHaveLength(6);
    const other = new Subject<Chunk>();
    const { reader: late, found: lateFound } = stage(other, { from: 'now' });
    late.startsAt(6);
    late.startsAt(7);
    other.next(chunk(7));
    expect(lateFound).toContain('r0 got chunk 7 and not chunk 6');
  });

  it.each([undefined, [0, 0]] as const)('leaves after so many chunks', async (paceMs) => {
    let open = 0;
    const source = new Observable<Chunk>((destination) => {
      open++;
      destination.add(() => open--);
      queueMicrotask(() => all.subscribe({ next: (item) => destination.next(item) }));
    });
    const { reader, time, found } = stage(source, { leaveAfter: 2, paceMs });
    await time.run(100);
    expect([reader.got.length, reader.ending?.how, open, found]).toEqual([2, 'left', 0, []]);
  });

  it('waits as long as nothing comes', async () => {
    const { reader, time } = stage(NEVER);
    await time.run(100);
    expect([reader.ending, reader.next]).toEqual([undefined, 0]);
  });
});
