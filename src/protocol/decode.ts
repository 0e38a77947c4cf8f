import { checkBody, type ChunkBody, isSeq, kindOf, type Problem, StreamError } from '../chunk/index.js';
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

/** Reads one frame: the object it is, and the bytes beside it. */
type Read<F> = (value: Record<string, unknown>, body: Uint8Array) => F | BadFrame;

/**
 * Reads a message a client sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames, or more than 256 of them are wrong
 */
export function decodeFromClient(data: string | Uint8Array): readonly (ClientFrame | BadFrame)[] {
  let wrong = 0;
  return decode(data, (value, body) => {
    const frame = readFrame<ClientFrame>(value, body, clientShapes, isTotal);
    if (frame instanceof BadFrame && ++wrong > maxBadFrames)
      throw malformed(`more than ${maxBadFrames} frames of a message are wrong`);
    return frame;
  });
}

/** Whether a field is a total of credit. */
function isTotal(t: string, path: string): boolean {
  if (t === 'credit' || t === 'subscribe') return path === 'chunks' || path === 'bytes';
  return /^grants\.\d+\.[12]$/.test(path);
}

/**
 * Reads a message a server sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames
 */
export function decodeFromServer(data: string | Uint8Array): readonly (ServerFrame | BadFrame)[] {
  return decode(data, (value, body) => readFrame<ServerFrame>(value, body, serverShapes));
}

function decode<F>(data: string | Uint8Array, read: Read<F>): (F | BadFrame)[] {
  if (typeof data === 'string') return data.split('\n').map((line) => read(parseJson(line), noBytes));
  const frames: (F | BadFrame)[] = [];
  // Not a Node `Buffer`, whose `slice` does not copy: a chunk would hold on to the whole message.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < bytes.length;) {
    const { head, body, end } = readRecord(bytes, at);
    frames.push(read(parseJson(head), body));
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
  return orMalformed(() => utf8.decode(bytes), 'a record head is not UTF-8');
}

function parseJson(text: string): Record<string, unknown> {
  const value = orMalformed(() => JSON.parse(text) as unknown, 'a frame is not JSON');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(`a frame must be a JSON object, got ${kindOf(value)}`);
}

function orMalformed<T>(work: () => T, message: string): T {
  try {
    return work();
  } catch (cause) {
    throw malformed(message, cause);
  }
}

function readFrame<F>(
  value: Record<string, unknown>,
  body: Uint8Array,
  shapes: Readonly<Record<string, Shape>>,
  isCredit?: (t: string, field: string) => boolean,
): F | BadFrame {
  const { t } = value;
  if (typeof t !== 'string') return bad(value, unknownFrame(`frame field "t" must be a string, got ${kindOf(t)}`));
  if (!Object.hasOwn(shapes, t)) return bad(value, unknownFrame(`unknown frame "${t.slice(0, 32)}"`));
  const problem = shapes[t]!(value);
  if (problem !== undefined) return bad(value, invalidFrame(t, problem, isCredit));
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
  return binary && isSeq(size) ? size : -1;
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
  return new BadFrame(error, quote(t), quote(stream, 512), isSeq(ch) ? ch : undefined, quote(producer));
}

function quote(word: unknown, length = maxQuote): string | undefined {
  return typeof word === 'string' ? word.slice(0, length) : undefined;
}

function invalidFrame(
  t: string,
  { field, message }: Problem,
  isCredit?: (t: string, field: string) => boolean,
): StreamError {
  if (field === undefined) return new StreamError('frame-invalid', `frame "${t}": ${message}`);
  const code = isCredit?.(t, field) === true ? 'credit-invalid' : field === 'stream' ? 'name-invalid' : 'frame-invalid';
  return new StreamError(code, `frame "${t}" field "${field}": ${message}`, { field });
}

function malformed(message: string, cause?: unknown): StreamError {
  return new StreamError('frame-malformed', message, { cause });
}
