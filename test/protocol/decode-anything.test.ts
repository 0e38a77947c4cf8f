import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeChunk, type EncodedChunk, StreamError } from '../../src/chunk/index.js';
import { BadFrame, decodeFromClient, decodeFromServer } from '../../src/protocol/decode.js';
import { encodeMessage } from '../../src/protocol/encode.js';
import type { ClientFrame, OutgoingFrame, ServerFrame } from '../../src/protocol/frame.js';
import { anyClientFrame, anyServerFrame } from './samples.js';

const runs = { numRuns: 1000 };

type Decoded = readonly (ClientFrame | ServerFrame | BadFrame)[];

/** A decoded frame, ready to be sent on. */
function outgoing(frame: ClientFrame | ServerFrame): OutgoingFrame {
  if (frame.t === 'subscribed') {
    const { chunks, ...rest } = frame;
    return chunks === undefined ? rest : { ...rest, chunks: chunks.map(encodeChunk) };
  }
  if (frame.t !== 'data' && frame.t !== 'publish') return frame;
  return { ...frame, chunks: frame.chunks.map(encodeChunk) };
}

/** What a message holds, as a transport gets it. */
function decodeAgain(frames: readonly OutgoingFrame[], decode: (data: string | Uint8Array) => Decoded): Decoded {
  const { binary, data } = encodeMessage(frames);
  return decode(binary || typeof data === 'string' ? data : new TextDecoder().decode(data));
}

/**
 * The one promise of decoding: whatever comes, it is refused as a whole with `frame-malformed`, or every frame of it is
 * either a BadFrame with an error or complete: a frame that can be sent on and arrives the same.
 */
function keepsItsPromise(data: string | Uint8Array): void {
  for (const decode of [decodeFromClient, decodeFromServer]) {
    let frames: Decoded;
    try {
      frames = decode(data);
    } catch (error) {
      expect(error).toBeInstanceOf(StreamError);
      expect((error as StreamError).code).toBe('frame-malformed');
      continue;
    }
    expect(frames.length).toBeGreaterThan(0);
    const whole = frames.filter((frame): frame is ClientFrame | ServerFrame => !(frame instanceof BadFrame));
    for (const frame of frames) if (frame instanceof BadFrame) expect(frame.error).toBeInstanceOf(StreamError);
    if (whole.length > 0) expect(decodeAgain(whole.map(outgoing), decode)).toEqual(whole);
  }
}

const anyMessage = fc
  .array(fc.oneof(anyClientFrame, anyServerFrame), { minLength: 1, maxLength: 4 })
  .map((frames) => encodeMessage([...frames, ...frames.slice(0, 1)]));
const binaryMessage = anyMessage.filter(({ binary }) => binary).map(({ data }) => data as Uint8Array);
const textMessage = anyMessage.filter(({ binary }) => !binary).map(({ data }) => data as string);

const field = fc.constantFrom('t', 'ch', 'seq', 'stream', 'chunks', 'bytes', 'from', 'to', 'grants', 'ranges', 'producer', 'epoch', 'close', '__proto__', 'type', 'data', 'size', 'timestamp', 'final', 'metadata', 'checksum', 'x'); // prettier-ignore
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    'publish',
    'data',
    'credit',
    'subscribe',
    'text',
    'binary',
    'json',
    'a',
    -1,
    0,
    1,
    0.5,
    1e300,
    2 ** 53,
  ),
);
/** An object with the fields of frames and chunks, and anything in them. */
const likeFrame = fc
  .array(fc.tuple(field, value), { maxLength: 8 })
  .map((entries) => `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${JSON.stringify(each)}`).join()}}`);

describe('decoding anything', () => {
  it('keeps its promise for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), keepsItsPromise), runs);
  });

  it('keeps its promise for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary-ascii' }), keepsItsPromise), runs);
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\n\ud800 t0') }), keepsItsPromise), runs);
  });

  it('keeps its promise for any JSON', () => {
    fc.assert(fc.property(fc.json(), keepsItsPromise), runs);
  });

  it('keeps its promise for what looks like frames', () => {
    const lines = fc.array(likeFrame, { minLength: 1, maxLength: 3 }).map((frames) => frames.join('\n'));
    fc.assert(fc.property(lines, keepsItsPromise), runs);
  });

  it('keeps its promise for chunks that look like chunks', () => {
    const frame = fc
      .array(likeFrame, { minLength: 1, maxLength: 3 })
      .map((chunks) => `{"t":"data","ch":0,"seq":0,"chunks":[${chunks.join()}]}`);
    fc.assert(fc.property(frame, keepsItsPromise), runs);
  });

  it('keeps its promise for messages that are cut off', () => {
    const cut = (message: string | Uint8Array, at: number): string | Uint8Array =>
      message.slice(0, at % message.length);
    fc.assert(
      fc.property(fc.oneof(binaryMessage, textMessage), fc.nat(), (message, at) => keepsItsPromise(cut(message, at))),
      runs,
    );
  });

  it('keeps its promise for messages with a wrong byte', () => {
    fc.assert(
      fc.property(binaryMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, flip) => {
        const changed = Uint8Array.from(message);
        changed[at % message.length]! ^= flip;
        keepsItsPromise(changed);
      }),
      runs,
    );
  });

  it('keeps its promise for messages with a wrong character, or one too many', () => {
    fc.assert(
      fc.property(textMessage, fc.nat(), fc.nat({ max: 2 }), fc.string({ maxLength: 2 }), (message, at, drop, put) => {
        const place = at % message.length;
        keepsItsPromise(message.slice(0, place) + put + message.slice(place + drop));
      }),
      runs,
    );
  });

  it('reads whatever can be sent', () => {
    const body = ({ head, bytes }: EncodedChunk): unknown => ({
      ...(JSON.parse(head) as object),
      ...(bytes && { data: bytes }),
    });
    const arrived = (frame: ClientFrame<EncodedChunk>): unknown =>
      frame.t === 'publish' ? { ...frame, chunks: frame.chunks.map(body) } : frame;
    fc.assert(
      fc.property(fc.array(anyClientFrame, { minLength: 1 }), (frames) => {
        const decoded = decodeAgain(frames, decodeFromClient) as readonly ClientFrame[];
        expect(decoded).toHaveLength(frames.length);
        for (const [i, frame] of decoded.entries()) expect(frame).toMatchObject(arrived(frames[i]!) as object);
      }),
      runs,
    );
  });

  it('takes no longer for a deep message than for a long one', () => {
    keepsItsPromise('['.repeat(100_000));
    keepsItsPromise(`{"t":"data","ch":0,"seq":0,"chunks":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    const deep = `{"type":"json","data":${'['.repeat(5000)}${']'.repeat(5000)},"size":10000,"timestamp":1}`;
    const [frame] = decodeFromServer(`{"t":"data","ch":0,"seq":0,"chunks":[${deep}]}`);
    expect((frame as BadFrame).error.message).toContain('must be JSON but is nested deeper than 128');
  });
});
