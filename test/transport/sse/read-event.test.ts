import { describe, expect, it } from 'vitest';
import { type ChunkData, createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { createEventStreamReader, type IncomingEvent } from '../../../src/format/event-stream.js';
import { BadFrame } from '../../../src/protocol/index.js';
import { readEvent, readFrame } from '../../../src/transport/sse/read-event.js';
import { dataEvents, endEvent, gapEvent, snapshotEvent } from '../../../src/transport/sse/write-frame.js';

function parsed(text: string | Uint8Array): IncomingEvent {
  const events: IncomingEvent[] = [];
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  createEventStreamReader((event) => events.push(event)).push(bytes);
  return events[0]!;
}

const event = (data: string, name = 'message'): IncomingEvent => ({ event: name, id: undefined, data });
const read = (incoming: IncomingEvent) => readEvent(incoming, 'books/moby-dick', 3);

describe('readEvent', () => {
  it.each<[string, ChunkData]>([
    ['text', 'CR\r and LF\n'],
    ['JSON', { a: [null, 0, ''] }],
    ['bytes', Uint8Array.of(0, 1, 255)],
    ['no bytes', new Uint8Array()],
  ])('reads back a chunk of %s', (_, data) => {
    const {
      streamId: __,
      seq: ___,
      ...body
    } = createChunk({
      streamId: 's',
      seq: 7,
      data,
      final: true,
      metadata: { a: 1 },
      checksum: true,
    });
    const written = dataEvents({ t: 'data', ch: 1, seq: 7, chunks: [encodeChunk(body)] });
    expect(read(parsed(written))).toEqual({ seq: 7, body });
  });

  it('reads back a snapshot', () => {
    const { streamId: _, seq: __, ...body } = createChunk({ streamId: 's', seq: 7, data: 'all so far' });
    expect(read(parsed(snapshotEvent(7, encodeChunk(body))))).toEqual({ snapshot: { seq: 7, body } });
    expect(read(event('{"seq":7,"type":"text"}', 'snapshot'))).toBeInstanceOf(BadFrame);
  });

  it('reads what the server tells beside the stream', () => {
    expect(read(event('null', 'push'))).toEqual({ t: 'push', data: null });
    expect(() => read(event('{', 'push'))).toThrow('an event is not JSON');
  });

  it('reads gap, end and error as frames of the channel', () => {
    const gap = { t: 'gap', ch: 3, from: 0, to: 7, reason: 'trimmed' } as const;
    const end = { t: 'end', ch: 3, seq: 7, status: 'failed', reason: 'so it is' } as const;
    expect(read(parsed(gapEvent(gap)))).toEqual(gap);
    expect(read(parsed(endEvent(end)))).toEqual(end);
    expect(read(event('{"code":"internal","message":"oops"}', 'error'))).toEqual({
      t: 'error',
      code: 'internal',
      message: 'oops',
      ch: 3,
      stream: 'books/moby-dick',
    });
  });

  it('lets an event choose neither its kind nor its channel', () => {
    expect(read(event('{"t":"end","ch":9,"from":0,"to":7,"reason":"trimmed"}', 'gap'))).toMatchObject({
      t: 'gap',
      ch: 3,
    });
  });

  it('passes over names nobody knows', () => {
    expect(read(event('anything', 'progress'))).toBeUndefined();
  });

  it.each(['no JSON', '[]', '7', 'null', ''])('calls %j malformed', (data) => {
    expect(() => read(event(data))).toThrow(expect.objectContaining({ code: 'frame-malformed' }));
    expect(() => read(event(data, 'end'))).toThrow(expect.objectContaining({ code: 'frame-malformed' }));
  });

  it.each([
    ['{"type":"text","data":"a","size":1,"timestamp":1}', 'frame-invalid', 'seq'],
    ['{"seq":-1,"type":"text","data":"a","size":1,"timestamp":1}', 'frame-invalid', 'seq'],
    ['{"seq":0,"type":"text","data":"a","size":2,"timestamp":1}', 'chunk-invalid', 'size'],
    ['{"seq":0,"type":"text","data":"a","size":1,"timestamp":1,"__proto__":{}}', 'chunk-invalid', undefined],
    ['{"seq":0,"type":"binary","data":"!","size":1,"timestamp":1}', 'chunk-invalid', 'data'],
    ['{"seq":0,"type":"binary","size":1,"timestamp":1}', 'chunk-invalid', 'data'],
    ['{"seq":0,"type":"binary","data":"AAA=","size":3,"timestamp":1}', 'chunk-invalid', 'size'],
  ])('calls %s bad, and no more than that', (data, code, field) => {
    const bad = read(event(data)) as BadFrame;
    expect(bad).toBeInstanceOf(BadFrame);
    expect([bad.error.code, bad.t, bad.ch]).toEqual([code, 'data', 3]);
    if (field !== undefined) expect(bad.error.details.field).toBe(field);
  });

  it('calls a gap that is none bad', () => {
    expect(read(event('{"from":0}', 'gap'))).toBeInstanceOf(BadFrame);
  });
});

describe('readFrame', () => {
  it('reads an object as if it had come as a frame', () => {
    expect(readFrame({ t: 'unsubscribed', ch: 1 })).toEqual({ t: 'unsubscribed', ch: 1 });
    expect(readFrame({ t: 'unsubscribed' })).toBeInstanceOf(BadFrame);
  });
});
