import { checkBody, type ChunkBody, kindOf, type Problem, StreamError } from '../chunk/index.js';
import type { Shape } from '../chunk/shape.js';
import { recordHeader } from './encode.js';
import { clientShapes } from './client-shapes.js';
import type { ClientFrame, ServerFrame } from './frame.js';
import { serverShapes } from './server-shapes.js';

/** A frame that could not be read, and what it was about: the others of the message are not touched by it. */
export class BadFrame {
  constructor(
    readonly error: StreamError,
    /** The frame's `t`, where it had one. */
    readonly t: string | undefined,
    /** The stream it named, where it named one. */
    readonly stream: string | undefined,
    /** The channel it named, where it named one. */
    readonly ch: number | undefined,
    /** The producer it named, where it named one. */
    readonly producer: string | undefined,
  ) {}
}

/** Most frames of a message from a client that may be unreadable: to say what is wrong costs far more than to send it. */
const maxBadFrames = 256;
/** Longest part of a message's own words that an error quotes. */
const maxQuote = 256;

// `ignoreBOM` means that a byte order mark is not dropped: JSON has none.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const noBytes = new Uint8Array(0);

type Shapes = Readonly<Record<string, Shape>>;

/**
 * Reads a message a client sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames, or more than 256 of them are wrong
 */
export function decodeFromClient(data: string | Uint8Array): readonly (ClientFrame | BadFrame)[] {
  return decode<ClientFrame>(data, clientShapes, maxBadFrames);
}

/**
 * Reads a message a server sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames
 */
export function decodeFromServer(data: string | Uint8Array): readonly (ServerFrame | BadFrame)[] {
  return decode<ServerFrame>(data, serverShapes, Infinity);
}

function decode<F>(data: string | Uint8Array, shapes: Shapes, maxBad: number): (F | BadFrame)[] {
  const frames: (F | BadFrame)[] = [];
  let wrong = 0;
  const take = (text: string, body: Uint8Array): void => {
    const frame = readFrame<F>(parseJson(text), body, shapes);
    if (frame instanceof BadFrame && ++wrong > maxBad)
      throw malformed(`more than ${maxBad} frames of a message are wrong`);
    frames.push(frame);
  };
  if (typeof data === 'string') {
    for (const line of data.split('\n')) take(line, noBytes);
    return frames;
  }
  // Not a Node `Buffer`, whose `slice` does not copy: a chunk would hold on to the whole message.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) {
    const { head, body, end } = readRecord(bytes, at);
    take(head, body);
    at = end;
  }
  if (frames.length === 0) throw malformed('an empty binary message');
  return frames;
}

function readRecord(data: Uint8Array, at: number): { head: string; body: Uint8Array; end: number } {
  if (data.length - at < recordHeader) throw malformed('a binary message ends inside a record header');
  const view = new DataView(data.buffer, data.byteOffset + at, recordHeader);
  const bodyAt = at + recordHeader + view.getUint32(0);
  const end = bodyAt + view.getUint32(4);
  if (end > data.length) throw malformed('a record is longer than its binary message');
  return { head: readText(data.subarray(at + recordHeader, bodyAt)), body: data.subarray(bodyAt, end), end };
}

function readText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw malformed('a record head is not UTF-8', cause);
  }
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('a frame is not JSON', cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(`a frame must be a JSON object, got ${kindOf(value)}`);
}

function readFrame<F>(value: Record<string, unknown>, body: Uint8Array, shapes: Shapes): F | BadFrame {
  const { t } = value;
  if (typeof t !== 'string') return bad(value, unknownFrame(`frame field "t" must be a string, got ${kindOf(t)}`));
  if (!Object.hasOwn(shapes, t)) return bad(value, unknownFrame(`unknown frame "${t.slice(0, 32)}"`));
  const problem = shapes[t]!(value);
  if (problem !== undefined) return bad(value, invalidFrame(t, problem));
  try {
    return withBodies(value, body) as F;
  } catch (error) {
    return bad(value, error as StreamError);
  }
}

function unknownFrame(message: string): StreamError {
  return new StreamError('frame-unknown', message, { field: 't' });
}

function withBodies(frame: { chunks?: unknown }, body: Uint8Array): object {
  const { chunks } = frame;
  // In `subscribe` and `credit` it is a number.
  if (!Array.isArray(chunks)) {
    if (body.length === 0) return frame;
    throw invalidChunks('chunks', `a frame without chunks has ${body.length} bytes of body`);
  }
  const bodies: ChunkBody[] = [];
  let at = 0;
  for (const [index, head] of chunks.entries()) {
    const size = bytesOf(head);
    if (size > body.length - at) {
      const field = `chunks.${index}`;
      throw invalidChunks(field, `frame field "${field}": its ${size} bytes are not in the message`);
    }
    bodies.push(checkBodyAt(index, head, size < 0 ? undefined : body.slice(at, at + size)));
    at += Math.max(size, 0);
  }
  if (at === body.length) return { ...frame, chunks: bodies };
  throw invalidChunks('chunks', `a frame's body has ${body.length - at} bytes more than its chunks`);
}

function invalidChunks(field: string, message: string): StreamError {
  return new StreamError('frame-invalid', message, { field });
}

/** Bytes a head takes from the body, or -1 when it takes none. */
function bytesOf(head: unknown): number {
  if (typeof head !== 'object' || head === null || 'data' in head) return -1;
  const { type, size } = head as { type?: unknown; size?: unknown };
  const binary = type === 'binary' || type === 'audio' || type === 'image';
  return binary && Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : -1;
}

function checkBodyAt(index: number, head: unknown, bytes: Uint8Array | undefined): ChunkBody {
  try {
    return checkBody(head, bytes);
  } catch (error) {
    const { code, message, details, cause } = error as StreamError;
    const field = details.field === undefined ? `chunks.${index}` : `chunks.${index}.${details.field}`;
    throw new StreamError(code, `chunk ${index} of the frame: ${message}`, { ...details, field, cause });
  }
}

function bad(value: Record<string, unknown>, error: StreamError): BadFrame {
  const { t, stream, ch, producer } = value;
  return new BadFrame(
    error,
    typeof t === 'string' ? t.slice(0, maxQuote) : undefined,
    typeof stream === 'string' ? stream.slice(0, 512) : undefined,
    typeof ch === 'number' && Number.isSafeInteger(ch) && ch >= 0 ? ch : undefined,
    typeof producer === 'string' ? producer.slice(0, maxQuote) : undefined,
  );
}

function invalidFrame(t: string, { field, message }: Problem): StreamError {
  if (field === undefined) return new StreamError('frame-invalid', `frame "${t}": ${message}`);
  return new StreamError(codeOf(t, field), `frame "${t}" field "${field}": ${message}`, { field });
}

function codeOf(t: string, path: string): 'name-invalid' | 'credit-invalid' | 'frame-invalid' {
  if (path === 'stream') return 'name-invalid';
  const total =
    t === 'credit' || t === 'subscribe' ? path === 'chunks' || path === 'bytes' : /^grants\.\d+\.[12]$/.test(path);
  return total ? 'credit-invalid' : 'frame-invalid';
}

function malformed(message: string, cause?: unknown): StreamError {
  return new StreamError('frame-malformed', message, cause === undefined ? {} : { cause });
}
