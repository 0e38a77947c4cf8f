import { type ChunkBody, encodeChunk, type EncodedChunk } from '../src/chunk/index.js';

/** A text chunk without its place. */
export function textBody(data: string): ChunkBody {
  return { type: 'text', data, final: false, size: data.length, metadata: {}, timestamp: 0 };
}

/** A text chunk as logs keep it. */
export function encodedText(data: string): EncodedChunk {
  return encodeChunk(textBody(data));
}

/** Text chunks as logs keep them. */
export function encodedTexts(...datas: readonly string[]): EncodedChunk[] {
  return datas.map(encodedText);
}

/** Text chunks without their places. */
export function textBodies(...datas: readonly string[]): ChunkBody[] {
  return datas.map(textBody);
}
