import * as z from 'zod';
import { checkBody, type ChunkBody, kindOf, StreamError } from '../chunk/index.js';
import { recordHeader } from './encode.js';
import { type ClientFrame, clientFrames, type ServerFrame, serverFrames } from './frame.js';

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

const utf8 = new TextDecoder('utf-8', { fatal: true });
const clientParsers = compileAll(clientFrames);
const serverParsers = compileAll(serverFrames);

type Parsers = ReadonlyMap<string, z.ZodType>;

function compileAll(schemas: Readonly<Record<string, z.ZodType>>): Parsers {
  return new Map(Object.entries(schemas).map(([t, schema]) => [t, z.compile(schema)]));
}

/**
 * Reads a message a client sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames
 */
export function decodeFromClient(data: string | Uint8Array): readonly (ClientFrame | BadFrame)[] {
  return decode<ClientFrame>(data, clientParsers);
}

/**
 * Reads a message a server sent: every frame of it, or what was wrong with that frame.
 *
 * @throws {@link StreamError} `frame-malformed` when the message is no sequence of frames
 */
export function decodeFromServer(data: string | Uint8Array): readonly (ServerFrame | BadFrame)[] {
  return decode<ServerFrame>(data, serverParsers);
}

function decode<F>(data: string | Uint8Array, parsers: Parsers): (F | BadFrame)[] {
  const frames: (F | BadFrame)[] = [];
  if (typeof data === 'string') {
    for (const line of data.split('\n')) frames.push(readFrame<F>(parseJson(line), undefined, parsers));
    return frames;
  }
  for (let at = 0; at < data.length;) {
    const { head, body, end } = readRecord(data, at);
    frames.push(readFrame<F>(parseJson(head), body, parsers));
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

function readFrame<F>(value: Record<string, unknown>, body: Uint8Array | undefined, parsers: Parsers): F | BadFrame {
  const { t } = value;
  const parser = typeof t === 'string' ? parsers.get(t) : undefined;
  if (parser === undefined) {
    const got =
      typeof t === 'string'
        ? `unknown frame "${t.slice(0, 32)}"`
        : `frame field "t" must be a string, got ${kindOf(t)}`;
    return bad(value, new StreamError('frame-unknown', got, { field: 't' }));
  }
  const result = parser.safeParse(value);
  if (!result.success) return bad(value, invalidFrame(t as string, result.error));
  try {
    return withBodies(result.data as { chunks?: readonly unknown[] }, body) as F;
  } catch (error) {
    return bad(value, error as StreamError);
  }
}

function withBodies(frame: { chunks?: readonly unknown[] }, body: Uint8Array | undefined): object {
  if (!Array.isArray(frame.chunks)) {
    if (body === undefined || body.length === 0) return frame;
    throw new StreamError('frame-invalid', `a frame without chunks has ${body.length} bytes of body`, {
      field: 'chunks',
    });
  }
  const bodies: ChunkBody[] = [];
  let at = 0;
  for (const [index, head] of frame.chunks.entries()) {
    const size = bytesOf(head);
    if (size > (body?.length ?? 0) - at) {
      throw new StreamError(
        'frame-invalid',
        `frame field "chunks.${index}": its ${size} bytes are not in the message`,
        {
          field: `chunks.${index}`,
        },
      );
    }
    bodies.push(checkBodyAt(index, head, size < 0 ? undefined : body?.slice(at, at + size)));
    at += Math.max(size, 0);
  }
  if (at < (body?.length ?? 0)) {
    throw new StreamError('frame-invalid', `a frame's body has ${body!.length - at} bytes more than its chunks`, {
      field: 'chunks',
    });
  }
  return { ...frame, chunks: bodies };
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
    typeof t === 'string' ? t : undefined,
    typeof stream === 'string' ? stream.slice(0, 512) : undefined,
    typeof ch === 'number' && Number.isSafeInteger(ch) && ch >= 0 ? ch : undefined,
    typeof producer === 'string' ? producer.slice(0, 256) : undefined,
  );
}

function invalidFrame(t: string, error: z.ZodError): StreamError {
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const code = codeOf(t, path);
  const about = path === '' ? `frame "${t}"` : `frame "${t}" field "${path}"`;
  return new StreamError(
    code,
    `${about}: ${issue?.message ?? 'is invalid'}`,
    path === '' ? { cause: error } : { field: path, cause: error },
  );
}

function codeOf(t: string, path: string): 'name-invalid' | 'credit-invalid' | 'frame-invalid' {
  if (path === 'stream') return 'name-invalid';
  const grants =
    t === 'credit' || t === 'subscribe' ? path === 'chunks' || path === 'bytes' : path.startsWith('grants');
  return grants ? 'credit-invalid' : 'frame-invalid';
}

function malformed(message: string, cause?: unknown): StreamError {
  return new StreamError('frame-malformed', message, cause === undefined ? {} : { cause });
}
