import { checkBody, type ChunkBody, type ErrorCode, isSeq, kindOf, type Problem, StreamError } from '../chunk/index.js';
import { isBinary } from '../chunk/plain.js';
import { isObject, type Shape, under } from '../chunk/shape.js';
import { recordHeader } from './encode-requests.js';
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

/** A word of a stranger, or its beginning. */
function quote(word: unknown, length = 256): string | undefined {
  return typeof word === 'string' ? word.slice(0, length) : undefined;
}

/** Most frames of a message from a client that may be unreadable: to say what is wrong costs far more than to send it. */
const maxBadFrames = 256;

// `ignoreBOM` means that a byte order mark is not dropped: JSON has none.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const noBytes = new Uint8Array(0);

/** Reads one frame: the object it is, and the bytes beside it. */
type Read<F> = (value: Fields, body: Uint8Array) => F | BadFrame;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a message a client sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames, or more than 256 of them are wrong
 */
export function decodeFromClient(data: string | Uint8Array): readonly (ClientFrame | BadFrame)[] {
  let wrong = 0;
  return decode(data, (value, body) => {
    const frame = readFrame<ClientFrame>(value, body, clientShapes, codeOfClient);
    if (frame instanceof BadFrame && ++wrong > maxBadFrames)
      throw malformed(`more than ${maxBadFrames} frames of a message are wrong`);
    return frame;
  });
}

/** What a wrong field of a client is called: totals of credit have a code of their own. */
function codeOfClient(t: string, field = ''): ErrorCode {
  const isTotal =
    t === 'credit' || t === 'subscribe' ? field === 'chunks' || field === 'bytes' : /^grants\.\d+\.[12]$/.test(field);
  return isTotal ? 'credit-invalid' : codeOfField(t, field);
}

function codeOfField(_t: string, field: string | undefined): ErrorCode {
  return field === 'stream' ? 'name-invalid' : 'frame-invalid';
}

/**
 * Reads a message a server sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames
 */
export function decodeFromServer(data: string | Uint8Array): readonly (ServerFrame | BadFrame)[] {
  return decode(data, (value, body) => readFrame<ServerFrame>(value, body, serverShapes, codeOfField));
}

function decode<F>(data: string | Uint8Array, read: Read<F>): (F | BadFrame)[] {
  if (typeof data === 'string')
    return data.split('\n').map((line) =>
      read(
        parse(() => line),
        noBytes,
      ),
    );
  const frames: (F | BadFrame)[] = [];
  // Not a Node `Buffer`, whose `slice` does not copy: a chunk would hold on to the whole message.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  do {
    const headAt = at + recordHeader;
    if (headAt > bytes.length) throw malformed('a binary message ends inside a record header');
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const bodyAt = headAt + view.getUint32(0);
    at = bodyAt + view.getUint32(4);
    if (at > bytes.length) throw malformed('a record is longer than its binary message');
    const head = bytes.subarray(headAt, bodyAt);
    const frame = parse(() => utf8.decode(head));
    frames.push(read(frame, bytes.subarray(bodyAt, at)));
  } while (at < bytes.length);
  return frames;
}

function parse(text: () => string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text());
  } catch (cause) {
    throw malformed('a frame is not JSON', cause);
  }
  if (isObject(value)) return value;
  throw malformed(`a frame must be a JSON object, got ${kindOf(value)}`);
}

function malformed(message: string, cause?: unknown): StreamError {
  return new StreamError('frame-malformed', message, { cause });
}

function readFrame<F>(
  value: Fields,
  body: Uint8Array,
  shapes: Readonly<Record<string, Shape>>,
  codeOf: (t: string, field: string | undefined) => ErrorCode,
): F | BadFrame {
  const { t } = value;
  try {
    if (typeof t !== 'string' || !Object.hasOwn(shapes, t)) throw unknown(t);
    const problem = shapes[t]!(value);
    if (problem !== undefined) throw invalid(t, problem, codeOf(t, problem.field));
    return withBodies(t, value, body) as F;
  } catch (error) {
    const { stream, ch, producer } = value;
    const channel = isSeq(ch) ? ch : undefined;
    return new BadFrame(error as StreamError, quote(t), quote(stream, 512), channel, quote(producer));
  }
}

function unknown(t: unknown): StreamError {
  const got = quote(t, 32) ?? kindOf(t);
  return new StreamError('frame-unknown', `frame field "t" must name a frame, got ${got}`, { field: 't' });
}

function invalid(t: string, { field, message }: Problem, code: ErrorCode = 'frame-invalid'): StreamError {
  if (field === undefined) return new StreamError(code, `frame "${t}": ${message}`);
  return new StreamError(code, `frame "${t}" field "${field}": ${message}`, { field });
}

function withBodies(t: string, frame: Fields, body: Uint8Array): object {
  const { chunks } = frame;
  const bodies: ChunkBody[] = [];
  let at = 0;
  // In `subscribe` and `credit` it is a number.
  const heads: readonly unknown[] = Array.isArray(chunks) ? chunks : [];
  for (const head of heads) {
    const problem = (message: string, field?: string): Problem =>
      under('chunks', under(bodies.length, { field, message }));
    let bytes;
    if (takesBytes(head)) {
      bytes = body.slice(at, (at += head.size));
      if (at > body.length) throw invalid(t, problem(`its ${head.size} bytes are not in the message`));
    }
    try {
      bodies.push(checkBody(head, bytes));
    } catch (error) {
      const { code, message, details } = error as StreamError;
      throw invalid(t, problem(message, details.field), code);
    }
  }
  if (at === body.length) return heads === chunks ? { ...frame, chunks: bodies } : frame;
  throw invalid(t, { field: 'chunks', message: `${body.length - at} bytes of the message are in no chunk` });
}

/** Whether the data of a chunk stands beside its head. */
function takesBytes(head: unknown): head is { readonly size: number } {
  return isObject(head) && !('data' in head) && isBinary(head.type) && isSeq(head.size);
}
