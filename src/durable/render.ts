import { type ChunkType, type EncodedChunk, joinBytes, toBase64, utf8Bytes } from '../chunk/index.js';

const encoder = new TextEncoder();
const jsonPrefix = '{"type":"json","data":';
const textPrefix = '{"type":"text","data":"';
const escapedBreak = /\\n/g;

/** The data of a chunk. */
function dataOf({ head, bytes }: EncodedChunk): { readonly type: string; readonly data: unknown } {
  if (bytes !== undefined) return { type: 'binary', data: bytes };
  return JSON.parse(head) as { type: string; data: unknown };
}

/** The bytes of a chunk's data: those `size` counts. */
function bytesOf(chunk: EncodedChunk): Uint8Array {
  return chunk.bytes ?? utf8Bytes(textOf([chunk]));
}

/** The JSON text of a chunk's data: of bytes, their base64. */
function jsonOf(chunk: EncodedChunk): string {
  const { head, size, length } = chunk;
  const end = jsonPrefix.length + size;
  // Where the head is ASCII, and ours, the text is in it: parsing it only to write it again costs ten times as much.
  if (length === head.length && head.startsWith(jsonPrefix) && head.startsWith(',"size":', end)) {
    return head.slice(jsonPrefix.length, end);
  }
  const { data } = dataOf(chunk);
  return JSON.stringify(data instanceof Uint8Array ? toBase64(data) : data);
}

/** @internal Chunks as a body holds them: JSON as the elements of an array, without its brackets; all else as its bytes. */
export function renderChunks(type: ChunkType, chunks: readonly EncodedChunk[]): Uint8Array {
  if (type === 'json') return encoder.encode(chunks.map(jsonOf).join(','));
  const [only] = chunks;
  return chunks.length === 1 ? bytesOf(only!) : joinBytes(chunks.map(bytesOf));
}

/** @internal Chunks as the data of one server-sent event. */
export function renderEventData(type: ChunkType, chunks: readonly EncodedChunk[]): string {
  if (type === 'json') return `[${chunks.map(jsonOf).join(',')}]`;
  const isText = type === 'text';
  if (isText && chunks.every(({ bytes }) => bytes === undefined)) return textOf(chunks);
  const bytes = renderChunks(type, chunks);
  return isText ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : toBase64(bytes);
}

/** The text of chunks' data, none of which are bytes: of JSON, its JSON text. What JSON escapes is put right for all at once. */
function textOf(chunks: readonly EncodedChunk[]): string {
  const escaped = chunks.map(escapedOf).join('');
  // Mostly line breaks are all there is, and parsing costs ten times as much.
  const text = escaped.replace(escapedBreak, '\n');
  return text.includes('\\') ? (JSON.parse(`"${escaped}"`) as string) : text;
}

/** The text of a chunk's data as it stands in JSON, between its quotes. */
function escapedOf(chunk: EncodedChunk): string {
  const { head } = chunk;
  const begin = textPrefix.length;
  const end = head.indexOf('","', begin);
  // Where the head is ours, the text is in it. In the text itself its last quote would be an escaped one, and no field followed.
  if (head.startsWith(textPrefix) && head.startsWith('","size":', end)) return head.slice(begin, end);
  const { type, data } = dataOf(chunk);
  return JSON.stringify(type === 'text' ? data : JSON.stringify(data)).slice(1, -1);
}

/**
 * @internal How many of these chunks of text to show a reader who gets them as text: those up to the last that does not end
 * within a character. Nearly always all of them, as only chunks of bytes can.
 */
export function wholeCharacters(chunks: readonly EncodedChunk[]): number {
  let count = chunks.length;
  while (count > 0 && endsWithin(chunks, count)) count--;
  return count;
}

/** Whether the first `count` chunks end within a character: with the beginning of one, and less than it needs. */
function endsWithin(chunks: readonly EncodedChunk[], count: number): boolean {
  const { bytes, size } = chunks[count - 1]!;
  if (bytes === undefined && size > 0) return false;
  const tail: number[] = [];
  for (let i = count - 1; i >= 0 && tail.length < 4; i--) tail.unshift(...bytesOf(chunks[i]!).slice(tail.length - 4));
  for (let back = 1; back <= Math.min(3, tail.length); back++) {
    const byte = tail[tail.length - back]!;
    if (byte >= 0xc0) return byte >= 0xf0 ? byte < 0xf5 && back < 4 : byte >= 0xe0 ? back < 3 : back < 2;
    if (byte < 0x80) return false;
  }
  return false;
}
