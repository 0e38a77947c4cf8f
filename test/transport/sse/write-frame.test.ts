import { describe, expect, it } from 'vitest';
import { chunkFromJson, createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { createEventStreamReader, type IncomingEvent } from '../../../src/format/event-stream.js';
import { dataEvents, endEvent, errorJson, gapEvent, snapshotEvent } from '../../../src/transport/sse/write-frame.js';

function read(...texts: (string | Uint8Array)[]): IncomingEvent[] {
  const events: IncomingEvent[] = [];
  const reader = createEventStreamReader((event) => events.push(event));
  for (const text of texts) reader.push(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  return events;
}

const nasty = 'CR\r LF\n CRLF\r\n\r\n: no comment\nid: 99\n\u2028\u0000 🐋';

describe('dataEvents', () => {
  it('writes one event for each chunk, its number as the id, so that onmessage gets it', () => {
    const chunks = ['Call', ' me', ' Ishmael.'].map((data) =>
      createChunk({ streamId: 's', seq: 0, data, timestamp: 5 }),
    );
    const events = read(dataEvents({ t: 'data', ch: 1, seq: 40, chunks: chunks.map(encodeChunk) }));
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['message', '40'],
      ['message', '41'],
      ['message', '42'],
    ]);
    expect(events[1]!.data).toBe('{"seq":41,"type":"text","data":" me","size":3,"timestamp":5}');
  });

  it.each([
    ['text', nasty],
    ['JSON', { [nasty]: [nasty, null, 0, ''] }],
    ['bytes', Uint8Array.from({ length: 256 }, (_, n) => n)],
    ['no bytes', new Uint8Array()],
  ])('keeps %s whole', (_, data) => {
    const chunk = createChunk({ streamId: 's', seq: 3, data, final: true, metadata: { note: nasty }, checksum: true });
    const events = read(dataEvents({ t: 'data', ch: 1, seq: 3, chunks: [encodeChunk(chunk)] }));
    expect(events).toHaveLength(1);
    expect(chunkFromJson(JSON.stringify({ ...JSON.parse(events[0]!.data), streamId: 's' }))).toEqual(chunk);
  });

  it('writes a frame once, however many readers get it', () => {
    const chunk = encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'whale' }));
    const frame = { t: 'data', ch: 1, seq: 0, chunks: [chunk] } as const;
    expect(dataEvents(frame)).toBe(dataEvents(frame));
    expect(dataEvents({ ...frame, seq: 1 })).not.toBe(dataEvents(frame));
  });
});

describe('snapshotEvent', () => {
  it('is that of the last chunk it stands for, with a name', () => {
    expect(snapshotEvent(6, encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'all', timestamp: 1 })))).toBe(
      'event: snapshot\nid: 6\ndata: {"seq":6,"type":"text","data":"all","size":3,"timestamp":1}\n\n',
    );
  });
});

describe('gapEvent', () => {
  it('leads behind the gap', () => {
    const text = gapEvent({ t: 'gap', ch: 1, from: 3, to: 8, reason: 'trimmed' });
    expect(read(text)).toEqual([{ event: 'gap', id: '7', data: '{"from":3,"to":8,"reason":"trimmed"}' }]);
  });
});

describe('endEvent', () => {
  it('has the id of the last chunk', () => {
    const text = endEvent({ t: 'end', ch: 1, seq: 8, status: 'failed', reason: nasty });
    const [event] = read(text);
    expect([event!.event, event!.id]).toEqual(['end', '7']);
    expect(JSON.parse(event!.data)).toEqual({ seq: 8, status: 'failed', reason: nasty });
  });

  it('has the id -1 when the stream is empty', () => {
    const text = endEvent({ t: 'end', ch: 1, seq: 0, status: 'completed' });
    expect(read(text)).toEqual([{ event: 'end', id: '-1', data: '{"seq":0,"status":"completed"}' }]);
  });
});

describe('errorJson', () => {
  it('says code and message, and the field where there is one', () => {
    expect(errorJson({ code: 'internal', message: 'oops' })).toBe('{"code":"internal","message":"oops"}');
    expect(errorJson({ code: 'frame-invalid', message: 'no', field: 'from' })).toBe(
      '{"code":"frame-invalid","message":"no","field":"from"}',
    );
  });
});
