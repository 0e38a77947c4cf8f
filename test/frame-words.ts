import type { ChunkBody, EncodedChunk } from '../src/chunk/index.js';

/**
 * A frame in a few words, for tables: its `t`, then its fields, without a stream's life, which nobody knows beforehand. Chunks are
 * their data, one behind the other with commas.
 *
 * @example
 * frameWords({ t: 'credit', ch: 1, chunks: 2, bytes: 3 }); // 'credit ch=1 chunks=2 bytes=3'
 */
export function frameWords(frame: { readonly t: string }): string {
  const { t, life: _, ...fields }: { readonly t: string; readonly life?: string } = frame;
  return [t, ...Object.entries(fields).map(([name, value]) => `${name}=${valueWords(name, value)}`)].join(' ');
}

function valueWords(name: string, value: unknown): string {
  if (name === 'chunks' && Array.isArray(value)) return value.map(dataOf).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function dataOf(chunk: ChunkBody | EncodedChunk): string {
  const { data } = 'head' in chunk ? (JSON.parse(chunk.head) as { data: unknown }) : chunk;
  return String(data);
}
