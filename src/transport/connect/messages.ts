import { create } from '@bufbuild/protobuf';
import {
  type ChunkBody,
  createChunk,
  type EncodedChunk,
  encodeChunk,
  type JsonObject,
  type JsonValue,
  StreamError,
} from '../../chunk/index.js';
import { BadFrame, type ClientFrame, decodeFromClient, encodeMessage, type ServerFrame } from '../../protocol/index.js';
import {
  type CancelRequest,
  type Chunk,
  ChunkSchema,
  ChunkType,
  EndStatus,
  Place,
  type PublishRequest,
  type ReadRequest,
  type ReadResponse,
  ReadResponseSchema,
} from './streams-pb.js';

const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const types = {
  text: ChunkType.TEXT,
  json: ChunkType.JSON,
  binary: ChunkType.BINARY,
  audio: ChunkType.AUDIO,
  image: ChunkType.IMAGE,
} as const satisfies Record<ChunkBody['type'], ChunkType>;
const typeNames = new Map(Object.entries(types).map(([name, type]) => [type, name as ChunkBody['type']]));

const statuses = {
  completed: EndStatus.COMPLETED,
  failed: EndStatus.FAILED,
  cancelled: EndStatus.CANCELLED,
} as const;
const statusNames = new Map(Object.entries(statuses).map(([name, status]) => [status, name as keyof typeof statuses]));

const places: Partial<Record<Place, 'now' | 'snapshot'>> = { [Place.NOW]: 'now', [Place.SNAPSHOT]: 'snapshot' };

/** @internal A frame as the session hears it, by the rules of every frame. @throws {@link StreamError} */
function checked(frame: ClientFrame<EncodedChunk>): ClientFrame {
  const [read] = decodeFromClient(encodeMessage([frame]).data);
  if (read instanceof BadFrame) throw read.error;
  return read!;
}

/** @internal What a request to read says to the session. @throws {@link StreamError} naming the field that is wrong */
export function subscribeFrame({ stream, from }: ReadRequest, credit: { chunks: number; bytes: number }): ClientFrame {
  const place = from.case === 'place' ? places[from.value] : undefined;
  const position = from.case === 'seq' ? Number(from.value) : (place ?? 'beginning');
  return checked({ t: 'subscribe', stream, from: position, ...credit });
}

/** @internal What a request to cancel says to the session. @throws {@link StreamError} naming the field that is wrong */
export function cancelFrame({ stream, reason }: CancelRequest): ClientFrame {
  return checked(reason === '' ? { t: 'cancel', stream } : { t: 'cancel', stream, reason });
}

/**
 * @internal What a request to publish says to the session.
 *
 * @param now - the timestamp of chunks that have none
 * @throws {@link StreamError} naming the field that is wrong
 */
export function publishFrame(request: PublishRequest, now: number): ClientFrame {
  const { stream, producer, epoch, seq, close } = request;
  const chunks = request.chunks.map((chunk, index) => readChunk(chunk, index, now));
  const frame = { t: 'publish', stream, producer, epoch: Number(epoch), seq: Number(seq), chunks } as const;
  if (close === undefined) return checked(frame);
  const status = statusNames.get(close.status as never);
  if (status === undefined) throw invalid('close.status', 'must say how the stream ends');
  return checked({ ...frame, close: close.reason === '' ? { status } : { status, reason: close.reason } });
}

function readChunk(chunk: Chunk, index: number, now: number): EncodedChunk {
  const type = typeNames.get(chunk.type as never);
  if (type === undefined) throw invalid(`chunks.${index}.type`, 'must be one of the types of chunks');
  const { checksum, metadata } = chunk;
  const made = createChunk({
    streamId: 'any',
    seq: 0,
    type,
    data: dataOf(type, chunk.data, `chunks.${index}.data`),
    final: chunk.final,
    timestamp: chunk.timestamp === 0n ? now : Number(chunk.timestamp),
    ...(metadata === '' ? {} : { metadata: parse(metadata, `chunks.${index}.metadata`) as JsonObject }),
  });
  return encodeChunk(checksum === '' ? made : { ...made, checksum });
}

function dataOf(type: ChunkBody['type'], bytes: Uint8Array, field: string): string | JsonValue | Uint8Array {
  if (type !== 'text' && type !== 'json') return bytes;
  const text = decode(bytes, field);
  return type === 'text' ? text : (parse(text, field) as JsonValue);
}

function decode(bytes: Uint8Array, field: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw invalid(field, 'must be UTF-8', cause);
  }
}

function parse(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(field, 'must be JSON', cause);
  }
}

function invalid(field: string, what: string, cause?: unknown): StreamError {
  return new StreamError('chunk-invalid', `field "${field}" ${what}`, {
    field,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A frame that goes to many readers is translated once: this is the memory of that. */
const translated = new WeakMap<object, ReadResponse>();

/** @internal What a frame says to who reads; `undefined` for one that is none of his business. */
export function responseOf(frame: ServerFrame<EncodedChunk>): ReadResponse | undefined {
  const known = translated.get(frame);
  if (known !== undefined) return known;
  const event = eventOf(frame);
  if (event === undefined) return undefined;
  const response = create(ReadResponseSchema, { event });
  translated.set(frame, response);
  return response;
}

function eventOf(frame: ServerFrame<EncodedChunk>): ReadResponse['event'] | undefined {
  switch (frame.t) {
    case 'subscribed': {
      const [snapshot] = frame.chunks ?? [];
      const begin = { seq: BigInt(frame.seq), ...(snapshot === undefined ? {} : { snapshot: chunkMessage(snapshot) }) };
      return { case: 'begin', value: begin as never };
    }
    case 'data':
      return { case: 'chunks', value: { seq: BigInt(frame.seq), chunks: frame.chunks.map(chunkMessage) } as never };
    case 'gap':
      return { case: 'gap', value: { from: BigInt(frame.from), to: BigInt(frame.to) } as never };
    case 'end': {
      const { seq, status, reason = '' } = frame;
      return { case: 'end', value: { seq: BigInt(seq), end: { status: statuses[status], reason } } as never };
    }
    default:
      return undefined;
  }
}

function chunkMessage({ head, bytes }: EncodedChunk): Chunk {
  const { type, data, timestamp, final, checksum, metadata } = JSON.parse(head) as Partial<ChunkBody> &
    Pick<ChunkBody, 'type' | 'timestamp'>;
  return create(ChunkSchema, {
    type: types[type],
    data: bytes ?? encoder.encode(type === 'text' ? (data as string) : JSON.stringify(data)),
    timestamp: BigInt(Math.floor(timestamp)),
    final: final ?? false,
    checksum: checksum ?? '',
    metadata: metadata === undefined ? '' : JSON.stringify(metadata),
  });
}
