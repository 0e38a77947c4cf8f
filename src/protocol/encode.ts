import { type EncodedChunk, joinBytes, utf8Bytes, utf8Length } from '../chunk/index.js';
import { recordHeader, requestBytes } from './encode-requests.js';
import type { DataFrame, OutgoingFrame, PublishFrame, SubscribedFrame } from './frame.js';

/** One message on the wire: a WebSocket text message, or a binary one. */
export type Message =
  | { readonly binary: false; readonly data: string }
  | { readonly binary: true; readonly data: Uint8Array<ArrayBuffer> };

/**
 * The last frame that went out alone, and its message: a frame for many links goes to them one behind the other. A map of
 * all frames would cost more than the encoding where each has one link.
 */
let latest: { readonly frame: OutgoingFrame | undefined; readonly message: Message } = {
  frame: undefined,
  message: { binary: false, data: '' },
};

/** The JSON text of a frame. Chunks are spliced in as they are, not encoded again. */
export function frameText(frame: OutgoingFrame): string {
  return isCarrier(frame) ? carrierText(frame) : JSON.stringify(frame);
}

type Carrier =
  | DataFrame<EncodedChunk>
  | PublishFrame<EncodedChunk>
  | (SubscribedFrame<EncodedChunk> & { readonly chunks: readonly EncodedChunk[] });

/** Whether a frame carries chunks. */
function isCarrier(frame: OutgoingFrame): frame is Carrier {
  return frame.t === 'data' || frame.t === 'publish' || (frame.t === 'subscribed' && frame.chunks !== undefined);
}

/** Bytes a frame takes in a message, at most: for keeping a message below `maxFrame` without encoding it twice. */
export function frameBytes(frame: OutgoingFrame): number {
  if (!isCarrier(frame)) return requestBytes(frame);
  let bytes = recordHeader + utf8Length(carrierText({ ...frame, chunks: [] } as Carrier));
  for (const chunk of frame.chunks) bytes += chunk.length + 1;
  return bytes;
}

function carrierText(frame: Carrier): string {
  let heads = '';
  for (const chunk of frame.chunks) heads += heads === '' ? chunk.head : `,${chunk.head}`;
  if (frame.t === 'data') return `{"t":"data","ch":${frame.ch},"seq":${frame.seq},"chunks":[${heads}]}`;
  if (frame.t === 'subscribed') {
    const { chunks: _, ...rest } = frame;
    return `${JSON.stringify(rest).slice(0, -1)},"chunks":[${heads}]}`;
  }
  const { stream, producer, epoch, seq, close } = frame;
  const closing = close === undefined ? '' : `,"close":${JSON.stringify(close)}`;
  const from = `"stream":${JSON.stringify(stream)},"producer":${JSON.stringify(producer)},"epoch":${epoch},"seq":${seq}`;
  return `{"t":"publish",${from},"chunks":[${heads}]${closing}}`;
}

/**
 * Encodes frames as one message: text when no chunk holds bytes, binary otherwise. A single frame is encoded once however
 * many links it goes to.
 *
 * @throws RangeError when there are no frames: that is no message
 */
export function encodeMessage(frames: readonly OutgoingFrame[]): Message {
  const [only] = frames;
  if (only === undefined) throw new RangeError('frames must hold at least one frame, got none');
  if (frames.length > 1) return encodeAll(frames);
  if (latest.frame !== only) latest = { frame: only, message: encodeAll(frames) };
  return latest.message;
}

function encodeAll(frames: readonly OutgoingFrame[]): Message {
  if (frames.some(hasBytes)) return { binary: true, data: encodeRecords(frames) };
  let text = '';
  for (const frame of frames) text += text === '' ? frameText(frame) : `\n${frameText(frame)}`;
  return { binary: false, data: text };
}

function hasBytes(frame: OutgoingFrame): boolean {
  if (!isCarrier(frame)) return false;
  for (const chunk of frame.chunks) if (chunk.bytes !== undefined) return true;
  return false;
}

function encodeRecords(frames: readonly OutgoingFrame[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const frame of frames) {
    const head = utf8Bytes(frameText(frame));
    const bodies = bodiesOf(frame);
    const bodyLength = bodies.reduce((sum, bytes) => sum + bytes.length, 0);
    const lengths = new Uint8Array(recordHeader);
    const view = new DataView(lengths.buffer);
    view.setUint32(0, head.length);
    view.setUint32(4, bodyLength);
    parts.push(lengths, head, ...bodies);
    total += recordHeader + head.length + bodyLength;
  }
  return joinBytes(parts, total);
}

function bodiesOf(frame: OutgoingFrame): Uint8Array[] {
  if (!isCarrier(frame)) return [];
  const bodies: Uint8Array[] = [];
  for (const chunk of frame.chunks) if (chunk.bytes !== undefined) bodies.push(chunk.bytes);
  return bodies;
}
