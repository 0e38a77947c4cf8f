import { lastValueFrom, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { checkChunk } from '../../../src/chunk/index.js';
import { toChunks } from '../../../src/transport/http/chunks.js';

const batch = (offset: string, ...items: (string | { a: number } | Uint8Array)[]) => ({
  items,
  offset,
  upToDate: false,
  closed: false,
});

describe('toChunks', () => {
  it('numbers the items, and tells behind which of them the stream goes on where', async () => {
    const source = of(batch('0_1', 'a', { a: 1 }), batch('0_2'), batch('0_3', new Uint8Array([1])));
    const chunks = source.pipe(toChunks({ streamId: 's', start: 5 }), toArray());
    for (let i = 0; i < 2; i++) {
      expect(await lastValueFrom(chunks)).toMatchObject([
        { streamId: 's', seq: 5, type: 'text', data: 'a', size: 1, final: false, metadata: {} },
        { seq: 6, type: 'json', data: { a: 1 }, size: 7, metadata: { offset: '0_1' } },
        { seq: 7, type: 'binary', size: 1, metadata: { offset: '0_3' } },
      ]);
    }
  });

  it('makes chunks that are valid by the rules of all chunks', async () => {
    const chunks = of(batch('0_1', 'é', { a: 1 }, new Uint8Array(3))).pipe(toChunks({ streamId: 's' }), toArray());
    for (const chunk of await lastValueFrom(chunks)) {
      expect(checkChunk(chunk)).toEqual(chunk);
      expect(Object.isFrozen(chunk)).toBe(true);
    }
  });

  it.each([
    ['a\ud800', 'holds a lone surrogate'],
    [{ a: Number.NaN }, 'holds NaN'],
  ])('fails on what no chunk can hold: %o', async (item, problem) => {
    const source = of(batch('0_1', 'a', item as string));
    await expect(lastValueFrom(source.pipe(toChunks({ streamId: 's' })))).rejects.toMatchObject({
      code: 'chunk-invalid',
      message: `chunk field "data": ${problem}`,
      details: { streamId: 's', seq: 1, field: 'data' },
    });
  });

  it('refuses a name that is none', () => {
    expect(() => toChunks({ streamId: '' })).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    expect(() => toChunks({ streamId: 's', start: -1 })).toThrow(RangeError);
  });
});
