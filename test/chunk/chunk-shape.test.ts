import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBody, chunkSchema, createChunk, encodeChunk, headSchema } from '../../src/chunk/index.js';
import { bytesProblem, chunkShape, headShape, objectProblem, textProblem } from '../../src/chunk/chunk-shape.js';
import { isPlainChunk, isPlainHead } from '../../src/chunk/plain.js';
import { agree } from './agreement.js';
import { mutated } from './mutations.js';

const place = { streamId: 'books/moby-dick', seq: 7, timestamp: 1_700_000_000_000 };
const chunks = [
  createChunk({ ...place, data: 'né', final: true, checksum: true, metadata: { model: 'm', at: [1, null] } }),
  createChunk({ ...place, data: { a: [1, 'x'] } }),
  createChunk({ ...place, data: Uint8Array.of(1, 2), type: 'audio', metadata: { a: 1 } }),
];
const heads = chunks.map((chunk) => JSON.parse(encodeChunk(chunk).head) as unknown);
const texts = chunks.slice(0, 2);

describe('chunkShape', () => {
  it('takes what the schema takes, and refuses what it refuses for the same field', () => {
    const counts = { taken: 0, refused: 0 };
    const values = fc.oneof(fc.constantFrom(...chunks), fc.constantFrom(...texts).chain(mutated), fc.anything());
    fc.assert(
      fc.property(values, (value) => {
        const taken = agree(value, chunkShape, chunkSchema);
        if (isPlainChunk(value)) expect(taken).toBe(true);
        counts[taken ? 'taken' : 'refused']++;
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(100);
  });
});

describe('headShape', () => {
  it('takes what the schema takes, and refuses what it refuses for the same field', () => {
    const counts = { taken: 0, refused: 0 };
    const values = fc.oneof(fc.constantFrom(...heads), fc.constantFrom(...heads).chain(mutated), fc.anything());
    fc.assert(
      fc.property(values, (value) => {
        const taken = agree(value, headShape, headSchema);
        if (isPlainHead(value)) expect(taken).toBe(true);
        counts[taken ? 'taken' : 'refused']++;
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(100);
  });

  it('takes a field that is there and says nothing, as the schema does', () => {
    const head = { ...(heads[1] as object), final: undefined, checksum: undefined, metadata: undefined };
    expect(isPlainHead(head)).toBe(false);
    expect(agree(head, headShape, headSchema)).toBe(true);
    expect(() => checkBody(head)).not.toThrow();
  });
});

describe('what a value is not', () => {
  it.each([
    [objectProblem({ a: 1 }), undefined],
    [objectProblem([]), 'must be a JSON object and is an array'],
    [objectProblem({ a: 1n }), 'must be a JSON object but holds a bigint'],
    [textProblem('x'), undefined],
    [textProblem(5), 'must be a well-formed string, got a number'],
    [bytesProblem(new Uint8Array(1)), undefined],
    [bytesProblem('x'), 'must be a Uint8Array, got a string'],
  ])('is said in words: %s', (said, words) => {
    expect(said).toBe(words);
  });
});
