import { checkBody, type ChunkBody, fromBase64, isSeq, kindOf, StreamError } from '../../chunk/index.js';
import type { IncomingEvent } from '../../format/event-stream.js';
import { BadFrame, decodeFromServer, type ServerFrame } from '../../protocol/index.js';

/** A chunk with its number. */
export interface NumberedBody {
  readonly seq: number;
  readonly body: ChunkBody;
}

/** What the chunks below a number come to. */
export interface SnapshotBody {
  readonly snapshot: NumberedBody;
}

/** What an event says: a chunk, a snapshot, another frame, or a frame that cannot be read. */
export type Said = NumberedBody | SnapshotBody | ServerFrame | BadFrame;

/**
 * Reads an event of a stream.
 *
 * @returns `undefined` for an event with a name nobody knows
 * @throws {@link StreamError} `frame-malformed` when the event is no JSON object
 */
export function readEvent({ event, data }: IncomingEvent, streamId: string, ch: number): Said | undefined {
  switch (event) {
    case 'message':
      return readChunk(parseObject(data), ch);
    case 'snapshot':
      return readSnapshot(parseObject(data), ch);
    case 'push':
      return readFrame({ t: event, data: parseJson(data) });
    case 'gap':
    case 'end':
      return readFrame({ ...parseObject(data), t: event, ch });
    case 'error':
      return readFrame({ ...parseObject(data), t: event, ch, stream: streamId });
    default:
      return undefined;
  }
}

/** Makes a frame of an object from outside, by the rules every frame is read by. */
export function readFrame(fields: object): ServerFrame | BadFrame {
  return decodeFromServer(JSON.stringify(fields))[0]!;
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamError('frame-malformed', 'an event is not JSON', { cause });
  }
}

function parseObject(data: string): Record<string, unknown> {
  const value = parseJson(data);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new StreamError('frame-malformed', `an event must be a JSON object, got ${kindOf(value)}`);
}

function readSnapshot(fields: Record<string, unknown>, ch: number): SnapshotBody | BadFrame {
  const chunk = readChunk(fields, ch);
  return chunk instanceof BadFrame ? chunk : { snapshot: chunk };
}

function readChunk({ seq, ...head }: Record<string, unknown>, ch: number): NumberedBody | BadFrame {
  if (!isSeq(seq)) {
    const error = new StreamError(
      'frame-invalid',
      `an event's field "seq" must be a chunk number, got ${kindOf(seq)}`,
      {
        field: 'seq',
      },
    );
    return new BadFrame(error, 'data', undefined, ch, undefined);
  }
  try {
    return { seq, body: readBody(head) };
  } catch (error) {
    return new BadFrame(error as StreamError, 'data', undefined, ch, undefined);
  }
}

/** The data of binary types, which a frame carries beside the head, stands in it as base64. */
function readBody(head: Record<string, unknown>): ChunkBody {
  const { type, data, ...rest } = head;
  if (type !== 'binary' && type !== 'audio' && type !== 'image') return checkBody(head);
  const bytes = typeof data === 'string' ? fromBase64(data) : undefined;
  if (bytes !== undefined) return checkBody({ type, ...rest }, bytes);
  throw new StreamError('chunk-invalid', 'chunk field "data": must be base64', { field: 'data' });
}
