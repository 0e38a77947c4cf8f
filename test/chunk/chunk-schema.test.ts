import { describe, expect, it } from 'vitest';
import { chunkSchema, createChunk, encodeChunk, headSchema, nameSchema } from '../../src/chunk/index.js';

const chunk = createChunk({ streamId: 's', seq: 0, data: 'Call me Ishmael.' });

describe('chunkSchema', () => {
  it('is a schema of its own, for whoever wants to build on it', () => {
    expect(chunkSchema.safeParse(chunk).success).toBe(true);
    expect(chunkSchema.safeParse({ ...chunk, extra: 1 }).success).toBe(false);
  });

  it('says in words what a value is not', () => {
    const said = chunkSchema.safeParse({ ...chunk, data: 5 }).error!.issues;
    expect(said.map(({ message }) => message)).toEqual(['must be a well-formed string, got a number']);
  });
});

describe('headSchema', () => {
  it('is the schema of what encodeChunk writes', () => {
    for (const data of ['x', { a: 1 }, Uint8Array.of(1)]) {
      const { head } = encodeChunk(createChunk({ streamId: 's', seq: 0, data, checksum: true }));
      expect(headSchema.safeParse(JSON.parse(head)).success).toBe(true);
    }
  });
});

describe('nameSchema', () => {
  it('takes the name of a stream', () => {
    expect(nameSchema.safeParse('books/moby-dick').success).toBe(true);
    expect(nameSchema.safeParse('../x').error!.issues[0]!.message).toBe('must not have a ".." segment');
  });
});
