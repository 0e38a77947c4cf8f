import type { ChunkType, EncodedChunk } from '../chunk/index.js';

/** @internal The media type of a stream that says none. */
export const defaultMediaType = 'application/octet-stream';

const word = "[!#$%&'*+.^_`|~\\w-]+";
const value = `(?:${word}|"(?:[\\t !#-[\\]-~\\x80-\\xff]|\\\\[ -~])*")`;
// Each sign fits in one way only, so that no text takes long.
const grammar = new RegExp(`^${word}/${word}(?:[ \\t]*;[ \\t]*${word}=${value})*[ \\t]*;?[ \\t]*$`);
const maxLength = 255;

/** @internal Whether text is a media type, such as `text/plain; charset=utf-8` (RFC 9110, section 8.3.1). */
export function isMediaType(text: string): boolean {
  return text.length <= maxLength && grammar.test(text);
}

/** @internal What two media types are compared by: type and subtype, without parameters. */
export function essenceOf(mediaType: string): string {
  return before(mediaType, ';').trim().toLowerCase();
}

function before(text: string, sign: string): string {
  const at = text.indexOf(sign);
  return at < 0 ? text : text.slice(0, at);
}

/** @internal Which chunks a stream of a media type has. */
export function chunkTypeOf(mediaType: string): ChunkType {
  const essence = essenceOf(mediaType);
  if (essence === 'application/json') return 'json';
  const family = before(essence, '/');
  return family === 'text' || family === 'audio' || family === 'image' ? family : 'binary';
}

const typeOfHead = /^\{"type":"(\w+)"/;

/** @internal The media type of a stream that was created without one, by its first chunk. */
export function mediaTypeOf({ head }: EncodedChunk): string {
  const type = typeOfHead.exec(head)?.[1] ?? (JSON.parse(head) as { type: string }).type;
  if (type === 'text') return 'text/plain; charset=utf-8';
  return type === 'json' ? 'application/json' : defaultMediaType;
}
