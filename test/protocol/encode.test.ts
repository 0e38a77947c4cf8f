import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage, frameBytes, frameText, type Message } from '../../src/protocol/encode.js';
import type { OutgoingFrame } from '../../src/protocol/frame.js';
import { anyClientFrame, anyServerFrame, encoded, fromClient, fromServer } from './samples.js';

const utf8 = new TextEncoder();
const all = [...fromClient, ...fromServer];

function textOf({ data }: Message): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data);
}

describe('frameText', () => {
  it.each(all)('writes $t as one line of JSON', (frame) => {
    const text = frameText(frame);
    expect(text).not.toContain('\n');
    const parsed = JSON.parse(text) as { chunks?: unknown };
    if (!('chunks' in frame) || typeof frame.chunks === 'number') {
      expect(parsed).toEqual(frame);
    } else {
      const chunks = frame.chunks.map(({ head }) => JSON.parse(head) as object);
      expect(parsed).toEqual({ ...frame, chunks });
    }
  });

  it('splices chunks in as they are', () => {
    const chunk = { ...encoded('x'), head: '{"as":"it is"}' };
    expect(frameText({ t: 'data', ch: 1, seq: 2, chunks: [chunk, chunk] })).toBe(
      '{"t":"data","ch":1,"seq":2,"chunks":[{"as":"it is"},{"as":"it is"}]}',
    );
  });
});

describe('encodeMessage', () => {
  it('writes frames without bytes as text, one a line', () => {
    const frames = all.filter((frame) => !frameText(frame).includes('"binary"'));
    const message = encodeMessage(frames);
    expect(message.binary).toBe(false);
    expect(textOf(message).split('\n')).toEqual(frames.map(frameText));
  });

  it('writes all frames as records once one of them holds bytes', () => {
    const ping: OutgoingFrame = { t: 'ping', grants: [] };
    const chunks = [encoded(Uint8Array.of(1, 2)), encoded('é'), encoded(Uint8Array.of(3))];
    const data: OutgoingFrame = { t: 'data', ch: 1, seq: 2, chunks };
    const { binary, data: bytes } = encodeMessage([ping, data]);
    expect(binary).toBe(true);
    const [first, second] = [utf8.encode(frameText(ping)), utf8.encode(frameText(data))];
    // prettier-ignore
    expect([...(bytes as Uint8Array)]).toEqual([
      0, 0, 0, first.length, 0, 0, 0, 0, ...first,
      0, 0, second.length >> 8, second.length & 255, 0, 0, 0, 3, ...second, 1, 2, 3,
    ]);
  });

  it('takes an empty chunk of bytes for bytes', () => {
    expect(encodeMessage([{ t: 'data', ch: 1, seq: 2, chunks: [encoded(new Uint8Array(0))] }]).binary).toBe(true);
  });

  it('encodes a single frame once, however many links it goes to', () => {
    for (const frame of [fromServer[3]!, fromServer[4]!]) {
      const message = encodeMessage([frame]);
      expect(encodeMessage([frame])).toBe(message);
      expect(encodeMessage([{ ...frame }])).not.toBe(message);
    }
  });

  it('refuses to make a message of nothing', () => {
    expect(() => encodeMessage([])).toThrow(new RangeError('frames must hold at least one frame, got none'));
  });
});

describe('frameBytes', () => {
  it.each(all)('is at least what $t takes, and little more', (frame) => {
    const message = encodeMessage([frame]);
    const { length } = message.data;
    expect(frameBytes(frame)).toBeGreaterThanOrEqual(length);
    expect(frameBytes(frame)).toBeLessThanOrEqual(length + 10);
  });

  it('is at least what any frames take together', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyClientFrame, anyServerFrame), { minLength: 1 }), (frames) => {
        const { data } = encodeMessage(frames);
        const length = typeof data === 'string' ? utf8.encode(data).length : data.length;
        expect(frames.reduce((sum, frame) => sum + frameBytes(frame), 0)).toBeGreaterThanOrEqual(length);
      }),
    );
  });
});
