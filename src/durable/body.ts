import {
  type ChunkBody,
  type ChunkType,
  type EncodedChunk,
  encodeChunk,
  type JsonObject,
  jsonProblem,
  type JsonValue,
  utf8Length,
} from '../chunk/index.js';
import { Refusal } from './reply.js';

/** @internal What the chunks of a body are made with. */
export interface ChunkMaking {
  readonly type: ChunkType;
  readonly timestamp: number;
  /** Given to the last chunk. */
  readonly metadata?: JsonObject | undefined;
  /** Most chunks one body may become. Default: any number. */
  readonly maxMessages?: number;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const noMetadata: JsonObject = Object.freeze({});

/**
 * @internal Makes chunks of a body: one, or for JSON one for each element of an array. Text that is not UTF-8, or cut within a
 * character, becomes a chunk of bytes, so that nothing of it is lost.
 */
export function encodeBody(body: Uint8Array, making: ChunkMaking): EncodedChunk[] {
  if (making.type === 'json') {
    const values = valuesOf(body, making.maxMessages ?? Infinity);
    return values.map((data, i) =>
      encodeJson(data, i === values.length - 1 ? making : { ...making, metadata: noMetadata }),
    );
  }
  const { type, timestamp, metadata = noMetadata } = making;
  const text = type === 'text' ? decode(body) : undefined;
  const data = text ?? ownBytes(body);
  const kind = type === 'text' && text === undefined ? 'binary' : type;
  return [encodeChunk({ type: kind, data, final: false, size: body.length, metadata, timestamp } as ChunkBody)];
}

/** Bytes, and nothing of what came with them: a chunk would hold on to all of it. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength && bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes);
}

/** @internal A chunk of one JSON value. */
export function encodeJson(
  data: JsonValue,
  { timestamp, metadata = noMetadata }: Omit<ChunkMaking, 'type'>,
): EncodedChunk {
  return encodeChunk({ type: 'json', data, final: false, size: utf8Length(JSON.stringify(data)), metadata, timestamp });
}

function valuesOf(body: Uint8Array, maxMessages: number): readonly JsonValue[] {
  if (isAbyss(body)) throw new Refusal(400, 'data-malformed', `the body is nested deeper than ${maxOpen}`);
  const text = decode(body);
  let value: JsonValue;
  try {
    value = JSON.parse(text ?? '') as JsonValue;
  } catch {
    throw new Refusal(400, 'data-malformed', 'the body is not JSON in UTF-8');
  }
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  if (values.length > maxMessages) throw new Refusal(413, 'overflow', `an append takes ${maxMessages} messages`);
  for (const each of values) {
    const problem = jsonProblem(each);
    if (problem !== undefined) throw new Refusal(400, 'data-malformed', `the body is JSON, but ${problem}`);
  }
  return values;
}

/** Far more than JSON may have here. */
const maxOpen = 1024;
const [quote, backslash] = [0x22, 0x5c];
/** What `[` and `{`, and what `]` and `}` are but for one bit. */
const [opens, closes] = [0x5b, 0x5d];

/** Whether JSON is so deep that only parsing it, to find that out, would keep a server busy for seconds. */
function isAbyss(body: Uint8Array): boolean {
  let open = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === quote) i = endOfString(body, i);
    else if ((byte & ~0x20) === opens && ++open > maxOpen) return true;
    else if ((byte & ~0x20) === closes) open--;
  }
  return false;
}

function endOfString(body: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < body.length && body[i] !== quote) i += body[i] === backslash ? 2 : 1;
  return i;
}

function decode(body: Uint8Array): string | undefined {
  try {
    return strict.decode(body);
  } catch {
    return undefined;
  }
}
