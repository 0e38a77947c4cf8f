import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncodedChunk } from '../../src/chunk/index.js';
import { KeptChunks } from '../../src/log/kept-chunks.js';
import { texts } from '../../src/testing/log-stage.js';
import { countReachable } from '../../src/testing/reachable.js';

const wide = { chunks: 100_000, bytes: Infinity };

function kept(count: number): KeptChunks {
  const chunks = new KeptChunks();
  for (const chunk of texts(0, count)) chunks.push(chunk);
  return chunks;
}

describe('KeptChunks', () => {
  it('numbers, reads and lets go as a plain array would', () => {
    const step = fc.oneof(
      fc.record({ push: fc.nat({ max: 20 }) }),
      fc.record({ trim: fc.nat({ max: 60 }) }),
      fc.record({ read: fc.nat({ max: 80 }), chunks: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 100 }), (steps) => {
        const chunks = new KeptChunks();
        const all: EncodedChunk[] = [];
        let first = 0;
        for (const action of steps) {
          if ('push' in action) {
            for (const chunk of texts(all.length, action.push)) {
              chunks.push(chunk);
              all.push(chunk);
            }
          } else if ('trim' in action) {
            const before = Math.min(action.trim, all.length);
            expect(chunks.trim(action.trim)).toBe(before > first);
            first = Math.max(first, before);
          } else {
            const from = Math.max(action.read, first);
            expect(chunks.read(from, { ...wide, chunks: action.chunks })).toEqual(
              all.slice(from, from + action.chunks),
            );
          }
          const bytes = all.slice(first).reduce((sum, { length }) => sum + length, 0);
          expect(chunks).toMatchObject({ first, next: all.length, bytes });
        }
      }),
    );
  });

  it('says what would be kept, and changes nothing', () => {
    const chunks = kept(3);
    const bounds = { maxChunks: 4, maxBytes: Infinity };
    const { bytes } = chunks;
    const each = bytes / 3;
    expect(chunks.fit(texts(3, 1), 0, bounds)).toMatchObject({ from: 0, first: 0, bytes: 4 * each });
    expect(chunks.fit(texts(3, 3), 0, bounds)).toMatchObject({ from: 0, first: 2, bytes: 4 * each });
    expect(chunks.fit(texts(1, 5), 2, bounds), 'the first two are there').toEqual({
      from: 2,
      first: 2,
      bytes: 4 * each,
    });
    expect(chunks.fit(texts(3, 6), 0, bounds), 'beyond what is there').toMatchObject({
      from: 0,
      first: 5,
      bytes: 4 * each,
    });
    expect(chunks.fit(texts(3, 2), 0, { maxChunks: 9, maxBytes: 2 * each })).toMatchObject({
      first: 3,
      bytes: 2 * each,
    });
    expect(chunks).toMatchObject({ first: 0, next: 3, bytes });
  });

  it('does not hold on to what it let go', async () => {
    const chunks = kept(10);
    const gone = new WeakRef(chunks.read(0, wide)[0]!);
    chunks.trim(1);
    expect(await countReachable([gone], 0)).toBe(0);
    expect(chunks.read(1, wide)).toHaveLength(9);
  });
});
