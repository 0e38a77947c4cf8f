import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { cancelFrame, publishFrame, responseOf, subscribeFrame } from '../../../src/transport/connect/messages.js';
import {
  CancelRequestSchema,
  ChunkType,
  EndStatus,
  Place,
  PublishRequestSchema,
  ReadRequestSchema,
} from '../../../src/transport/connect/streams-pb.js';
import { encodedTexts } from '../../bodies.js';
import { textChunk } from './lab.js';

const credit = { chunks: 8, bytes: 100 };
const publish = (request: Parameters<typeof create<typeof PublishRequestSchema>>[1]) =>
  publishFrame(create(PublishRequestSchema, { stream: 's', producer: 'p', ...request }), 7);

describe('subscribeFrame', () => {
  it.each([
    [undefined, 'beginning'],
    [{ case: 'place', value: Place.UNSPECIFIED }, 'beginning'],
    [{ case: 'place', value: Place.NOW }, 'now'],
    [{ case: 'place', value: Place.SNAPSHOT }, 'snapshot'],
    [{ case: 'seq', value: 42n }, 42],
  ] as const)('from %o is from %s', (from, position) => {
    const request = create(ReadRequestSchema, { stream: 's', ...(from === undefined ? {} : { from }) });
    expect(subscribeFrame(request, credit)).toEqual({ t: 'subscribe', stream: 's', from: position, ...credit });
  });

  it('refuses a number that is none', () => {
    const request = create(ReadRequestSchema, { stream: 's', from: { case: 'seq', value: 2n ** 60n } });
    expect(() => subscribeFrame(request, credit)).toThrow('from');
  });
});

describe('publishFrame', () => {
  it('says what the request says, and the time where it does not', () => {
    const close = { status: EndStatus.CANCELLED, reason: 'enough' };
    expect(publish({ epoch: 1n, seq: 2n, chunks: [textChunk('a')], close })).toMatchObject({
      t: 'publish',
      stream: 's',
      producer: 'p',
      epoch: 1,
      seq: 2,
      chunks: [{ type: 'text', data: 'a', size: 1, timestamp: 7 }],
      close: { status: 'cancelled', reason: 'enough' },
    });
    expect(publish({ close: { status: EndStatus.COMPLETED } })).toMatchObject({ close: { status: 'completed' } });
  });

  it.each([
    [{ chunks: [textChunk('a'), { data: new Uint8Array(1) }] }, 'chunks.1.type'],
    [{ chunks: [textChunk('', { data: new Uint8Array([0xff]) })] }, 'chunks.0.data'],
    [{ chunks: [{ type: ChunkType.JSON, data: new Uint8Array([1]) }] }, 'chunks.0.data'],
    [{ chunks: [textChunk('a', { metadata: 'none' })] }, 'chunks.0.metadata'],
    [{ chunks: [textChunk('a', { metadata: '[]' })] }, 'metadata'],
    [{ close: { reason: 'why?' } }, 'close.status'],
    [{ producer: '' }, 'producer'],
    [{ stream: 'a//b' }, 'stream'],
  ])('refuses %o, naming the field', (request, field) => {
    expect(() => publish(request)).toThrow(`"${field}"`);
  });
});

describe('cancelFrame', () => {
  it('says why, if there is a reason', () => {
    expect(cancelFrame(create(CancelRequestSchema, { stream: 's', reason: 'why' }))).toEqual({
      t: 'cancel',
      stream: 's',
      reason: 'why',
    });
    expect(cancelFrame(create(CancelRequestSchema, { stream: 's' }))).toEqual({ t: 'cancel', stream: 's' });
  });
});

describe('responseOf', () => {
  it('is made once for all who get the frame', () => {
    const frame = { t: 'data', ch: 1, seq: 3, chunks: encodedTexts('a') } as const;
    expect(responseOf(frame)).toBe(responseOf(frame));
    expect(responseOf(frame)).toMatchObject({ event: { case: 'chunks', value: { seq: 3n } } });
  });

  it.each([
    [
      { t: 'gap', ch: 1, from: 1, to: 3, reason: 'trimmed' },
      { case: 'gap', value: { from: 1n, to: 3n } },
    ],
    [
      { t: 'end', ch: 1, seq: 3, status: 'failed', reason: 'ink' },
      { case: 'end', value: { seq: 3n, end: { status: EndStatus.FAILED, reason: 'ink' } } },
    ],
    [
      { t: 'subscribed', ch: 1, seq: 3, stream: 's' },
      { case: 'begin', value: { seq: 3n } },
    ],
  ] as const)('of %o is %o', (frame, event) => {
    expect(responseOf(frame)?.event).toMatchObject(event);
  });

  it('is nothing for what is none of a reader’s business', () => {
    expect(responseOf({ t: 'unsubscribed', ch: 1 })).toBeUndefined();
  });
});
