import { describe, expectTypeOf, it } from 'vitest';
import type { ChunkBody, EncodedChunk } from '../../src/chunk/index.js';
import type {
  BadFrame,
  ClientFrame,
  CloseName,
  DataFrame,
  decodeFromClient,
  FrameOf,
  OutgoingFrame,
  PublishFrame,
  ServerFrame,
} from '../../src/protocol/index.js';

// The compiler is the test: the run only shows that nothing throws.
describe('types of frames', () => {
  it('carry bodies on the way in and encoded chunks on the way out', () => {
    expectTypeOf<DataFrame['chunks']>().toEqualTypeOf<readonly ChunkBody[]>();
    expectTypeOf<DataFrame<EncodedChunk>['chunks']>().toEqualTypeOf<readonly EncodedChunk[]>();
    expectTypeOf<PublishFrame<EncodedChunk>>().toExtend<OutgoingFrame>();
    // @ts-expect-error - what came in must be encoded to go out
    expectTypeOf<DataFrame>().toExtend<OutgoingFrame>();
  });

  it('are told apart by their t', () => {
    expectTypeOf<ClientFrame['t']>().toEqualTypeOf<
      'subscribe' | 'credit' | 'unsubscribe' | 'nack' | 'publish' | 'cancel' | 'auth' | 'ping'
    >();
    expectTypeOf<FrameOf<ClientFrame, 'subscribe'>['from']>().toEqualTypeOf<
      number | 'beginning' | 'now' | 'snapshot'
    >();
    expectTypeOf<FrameOf<ServerFrame, 'end'>['status']>().toEqualTypeOf<'completed' | 'failed' | 'cancelled'>();
    // @ts-expect-error - a server sends no such frame
    expectTypeOf<FrameOf<ServerFrame, 'ping'>>().toBeNever();
  });

  it('are what decoding answers with, beside what it could not read', () => {
    type Decoded = ReturnType<typeof decodeFromClient>[number];
    expectTypeOf<Decoded>().toEqualTypeOf<ClientFrame | BadFrame>();
    // @ts-expect-error - each may be one that could not be read
    expectTypeOf<Decoded>().toExtend<ClientFrame>();
  });

  it('know the names of ends', () => {
    expectTypeOf<'going-away'>().toExtend<CloseName>();
    // @ts-expect-error - no end has this name
    expectTypeOf<'gone'>().toExtend<CloseName>();
  });
});
