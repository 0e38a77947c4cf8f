import type { Chunk } from '../chunk/index.js';

/** A chunk as text: text as it is, JSON a line each, of bytes how many there are. */
export function chunkText({ type, data, size }: Pick<Chunk, 'type' | 'data' | 'size'>): string {
  if (type === 'text') return data as string;
  if (type === 'json') return `${JSON.stringify(data)}\n`;
  return `[${size} bytes of ${type}]\n`;
}
