import { type JsonValue, utf8Length } from './data.js';
import type { EncodedChunk } from './codec.js';

/**
 * What `encodeChunk(createChunk({ data, timestamp, final }))` makes of JSON, for those who write so much of it that every pass over the
 * data counts: here there is one. Nothing is checked.
 *
 * @internal
 */
export function encodeJson(data: JsonValue, timestamp: number, final: boolean): EncodedChunk {
  const text = JSON.stringify(data);
  const size = utf8Length(text);
  const head = `{"type":"json","data":${text},"size":${size},"timestamp":${timestamp}${final ? ',"final":true' : ''}}`;
  // All around the data is ASCII.
  return { head, bytes: undefined, size, length: head.length - text.length + size };
}
