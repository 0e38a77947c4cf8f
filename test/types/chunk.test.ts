import { describe, expectTypeOf, it } from 'vitest';
import {
  type BytesChunk,
  type Chunk,
  type ChunkBody,
  type ChunkType,
  createChunk,
  type EncodedChunk,
  type ErrorCode,
  type JsonValue,
  StreamError,
  type TextChunk,
} from '../../src/chunk/index.js';

// The compiler is the test: the run only shows that nothing throws.
describe('types of chunks', () => {
  const chunk: Chunk = createChunk({ streamId: 's', seq: 0, data: 'x' });

  it('know the data by the type', () => {
    expectTypeOf<ChunkType>().toEqualTypeOf<'text' | 'json' | 'binary' | 'audio' | 'image'>();
    expectTypeOf<TextChunk['data']>().toEqualTypeOf<string>();
    expectTypeOf<BytesChunk['type']>().toEqualTypeOf<'binary' | 'audio' | 'image'>();
    if (chunk.type === 'text') expectTypeOf(chunk.data).toEqualTypeOf<string>();
    if (chunk.type === 'json') expectTypeOf(chunk.data).toEqualTypeOf<JsonValue>();
    if (chunk.type === 'audio') expectTypeOf(chunk.data).toExtend<Uint8Array>();
    // @ts-expect-error - the data of any chunk need not be a string
    const text: string = chunk.data;
    expectTypeOf(text).toBeString();
  });

  it('are read only', () => {
    const change = (given: Chunk): void => {
      // @ts-expect-error - a chunk does not change
      given.seq = 1;
    };
    expectTypeOf(change).toBeFunction();
    expectTypeOf(chunk.seq).toEqualTypeOf<number>();
  });

  it('say that the checksum may be missing', () => {
    expectTypeOf(chunk.checksum).toEqualTypeOf<string | undefined>();
    // @ts-expect-error - it may be missing
    const sum: string = chunk.checksum;
    expectTypeOf(sum).toBeString();
  });

  it('leave a place out of bodies', () => {
    expectTypeOf<Chunk>().toExtend<ChunkBody>();
    // @ts-expect-error - a body has no place
    expectTypeOf<ChunkBody>().toExtend<Chunk>();
    expectTypeOf<EncodedChunk['bytes']>().toEqualTypeOf<Uint8Array | undefined>();
  });

  it('take data that can travel, and no other', () => {
    expectTypeOf(createChunk).parameter(0).toExtend<{ data: JsonValue | Uint8Array }>();
    const wrong = () => {
      // @ts-expect-error - a date cannot travel
      createChunk({ streamId: 's', seq: 0, data: new Date() });
      // @ts-expect-error - there is no such type
      createChunk({ streamId: 's', seq: 0, data: 'x', type: 'video' });
      // @ts-expect-error - the number is missing
      createChunk({ streamId: 's', data: 'x' });
    };
    expectTypeOf(wrong).toBeFunction();
  });

  it('know every error code', () => {
    expectTypeOf<'gap'>().toExtend<ErrorCode>();
    expectTypeOf(new StreamError('gap', 'missing').code).toEqualTypeOf<ErrorCode>();
    const wrong = () =>
      // @ts-expect-error - there is no such code
      new StreamError('gone', 'missing');
    expectTypeOf(wrong).toBeFunction();
  });
});
