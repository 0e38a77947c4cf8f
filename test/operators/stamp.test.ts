import fc from 'fast-check';
import { from, map, type SchedulerLike, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { stamp, type StampOptions } from '../../operators/index.js';
import {
  type Chunk,
  type ChunkData,
  type ChunkType,
  createChunk,
  type JsonObject,
  sha256Checksum,
} from '../../src/chunk/index.js';
import { marbles, operatorLaws } from '../../src/testing/index.js';
import { streamError } from './alphabet.js';

const fixed = { now: () => 7 } as unknown as SchedulerLike;

function chunk(seq: number, data: ChunkData, more: Partial<Chunk> = {}): Chunk {
  return { ...createChunk({ streamId: 's', seq, data, timestamp: 7 }), ...more } as Chunk;
}

/** What comes out of these data, errors included. */
function outcome(data: readonly ChunkData[], options: Partial<StampOptions> = {}): unknown[] {
  const seen: unknown[] = [];
  from(data)
    .pipe(stamp({ streamId: 's', scheduler: fixed, ...options }))
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  return seen;
}

describe('stamp', () => {
  it('makes chunks at once, numbered from 0, with the time of each', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('     -x-y-|');
      const subscription = '    ^----!';
      const result = '          -a-b-|';
      const at = (seq: number, data: string, timestamp: number) => chunk(seq, data, { timestamp });
      expectObservable(source.pipe(stamp({ streamId: 's' }))).toBe(result, { a: at(0, 'x', 1), b: at(1, 'y', 3) });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('numbers from where it is told to', () => {
    expect(outcome(['x', 'y'], { start: 5 })).toEqual([chunk(5, 'x'), chunk(6, 'y')]);
  });

  it('tells the type by the data', () => {
    const data = ['x', new Uint8Array([1]), { a: 1 }, null];
    expect(outcome(data).map((made) => (made as Chunk).type)).toEqual(['text', 'binary', 'json', 'json']);
  });

  it('gives every chunk the type, metadata and checksum it is told to', () => {
    const [made] = outcome(['x'], { type: 'json', metadata: { model: 'm' }, checksum: true });
    expect(made).toEqual(createChunk({ ...chunk(0, 'x'), type: 'json', metadata: { model: 'm' }, checksum: true }));
    expect((outcome(['x'], { checksum: sha256Checksum })[0] as Chunk).checksum).toMatch(/^sha256:/);
  });

  it.each([
    ['a function', () => 1],
    ['undefined', undefined],
    ['NaN', [NaN]],
    ['a lone surrogate', '\ud800'],
  ])('fails on %s, behind the chunks before it', (_, data) => {
    const source = new Subject<ChunkData>();
    const seen: unknown[] = [];
    source.pipe(stamp({ streamId: 's', scheduler: fixed })).subscribe({
      next: (value) => seen.push(value),
      error: (error) => seen.push(error),
    });
    source.next('x');
    source.next(data as unknown as ChunkData);
    expect(seen).toEqual([chunk(0, 'x'), streamError('chunk-invalid', 'data')]);
    expect(seen[1]).toMatchObject({ details: { streamId: 's', seq: 1, field: 'data' } });
    expect(source.observed).toBe(false);
  });

  it('fails on data that the type cannot hold', () => {
    expect(outcome([{ a: 1 }], { type: 'text' })).toEqual([streamError('chunk-invalid', 'data')]);
  });

  it('says which chunk it was whose checksum failed', () => {
    const digest = (): string => {
      throw new Error('no such luck');
    };
    const [error] = outcome(['x'], { start: 3, checksum: { name: 'none', digest } });
    expect(error).toMatchObject({ code: 'callback-failed', details: { operator: 'stamp', streamId: 's', seq: 3 } });
  });

  it('takes and refuses what createChunk does, in the same words', () => {
    const data = fc.oneof(fc.string(), fc.uint8Array(), fc.jsonValue(), fc.anything(), fc.constant('\ud800'));
    const metadata = fc.constantFrom(undefined, {}, { model: 'm' }, [], { at: NaN }, null, 'x');
    const type = fc.constantFrom(undefined, 'text', 'json', 'binary', 'audio', 'image', 'video');
    const checksum = fc.constantFrom(undefined, false, true, sha256Checksum);
    const shared = fc.record({ type, metadata, checksum }) as unknown as fc.Arbitrary<{
      type: ChunkType;
      metadata: JsonObject;
      checksum: boolean;
    }>;
    fc.assert(
      fc.property(fc.array(data, { minLength: 1 }), shared, (values, options) => {
        const expected: unknown[] = [];
        try {
          for (const value of values as ChunkData[]) {
            expected.push(createChunk({ streamId: 's', seq: expected.length, timestamp: 7, ...options, data: value }));
          }
        } catch (error) {
          expected.push(error);
        }
        expect(outcome(values as ChunkData[], options)).toStrictEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  describe('with final', () => {
    const letters = {
      a: chunk(0, 'x', { timestamp: 1 }),
      b: chunk(1, 'y', { timestamp: 3 }),
      B: chunk(1, 'y', { timestamp: 3, final: true }),
    };

    it('holds each chunk until the next comes, and marks the last', () =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('     -x-y-|');
        const subscription = '    ^----!';
        const result = '          ---a-(B|)';
        expectObservable(source.pipe(stamp({ streamId: 's', final: true }))).toBe(result, letters);
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }));

    it('emits the chunk it holds before an error, unmarked', () =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('     -x-y-#');
        const subscription = '    ^----!';
        const result = '          ---a-(b#)';
        expectObservable(source.pipe(stamp({ streamId: 's', final: true }))).toBe(result, letters);
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }));

    it('emits the chunk it holds before it fails on data', () => {
      expect(outcome(['x', NaN], { final: true })).toEqual([chunk(0, 'x'), streamError('chunk-invalid')]);
    });

    it('makes nothing of nothing', () => {
      expect(outcome([], { final: true })).toEqual([]);
    });

    it('lets go of the chunk it holds when unsubscribed', () =>
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('     -x---|');
        const subscription = '    ^--!';
        const result = '          ------';
        expectObservable(source.pipe(stamp({ streamId: 's', final: true })), subscription).toBe(result);
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }));

    it.each(['complete', 'error'] as const)('is silent when its consumer has enough at %s', (end) => {
      const source = new Subject<string>();
      const seen: unknown[] = [];
      source.pipe(stamp({ streamId: 's', final: true }), take(1)).subscribe({
        next: () => seen.push('chunk'),
        error: () => seen.push('error'),
        complete: () => seen.push('complete'),
      });
      source.next('x');
      source[end](new Error('the source failed'));
      expect(seen).toEqual(['chunk', 'complete']);
    });
  });

  it.each([
    [{ streamId: '' }, streamError('name-invalid', 'stream name must not be empty')],
    [{ streamId: 's', start: -1 }, new RangeError('start must be a whole number of at least 0, got -1')],
  ])('refuses %o', (options, error) => {
    let thrown: unknown;
    try {
      stamp(options);
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toEqual(error);
  });

  // Times and marks have their tests above; the laws are about what comes and when.
  const unmarked = map(({ seq, data }: Chunk) => chunk(seq, data));
  const laws = {
    item: (n: number): ChunkData => `word ${n}`,
    expected: (words: readonly ChunkData[]) => words.map((word, seq) => chunk(seq, word)),
  };

  describe('at once', () => {
    operatorLaws<ChunkData, Chunk>('stamp', () => (source) => source.pipe(stamp({ streamId: 's' }), unmarked), {
      ...laws,
      throwing: { checksum: (boom) => stamp({ streamId: 's', checksum: { name: 'none', digest: boom } }) },
    });
  });

  describe('one behind', () => {
    const behind = stamp({ streamId: 's', final: true });
    operatorLaws<ChunkData, Chunk>('stamp', () => (source) => source.pipe(behind, unmarked), {
      ...laws,
      firehose: 4,
      delayed: true,
    });
  });
});
