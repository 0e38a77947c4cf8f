import { createChunk, type EncodedChunk, encodeChunk } from '../../src/chunk/index.js';

/** A producer, and the number it goes on with. */
export interface Course {
  readonly stream: string;
  readonly id: string;
  readonly from: number;
}

/** What the writer is told to do: work on these streams until it is killed. */
export interface Orders {
  readonly url: string;
  readonly courses: readonly Course[];
  /** Prefix of streams that it makes, ends and removes one after the other. */
  readonly brief: string;
}

/** What the writer says, a line each, as soon as it knows. */
export type Said =
  /** The log has acknowledged the producer's chunks below `next`. */
  | { readonly said: 'kept'; readonly stream: string; readonly id: string; readonly next: number }
  /** The stream was seen to have chunks below `next`. */
  | { readonly said: 'seen'; readonly stream: string; readonly next: number }
  | { readonly said: 'created' | 'ended' | 'removing' | 'removed'; readonly stream: string };

/** Chunks of a brief stream. */
export const briefLength = 3;

/** The n-th chunk of a producer: the same whenever it is made, so that sending it again is sending the same. */
export function chunkOf(id: string, n: number): EncodedChunk {
  const text = `${id} ${n} ${'x'.repeat((n * 37) % 200)}`;
  const data = n % 7 === 0 ? new TextEncoder().encode(text) : text;
  return encodeChunk(createChunk({ streamId: 'any', seq: 0, data, timestamp: 1_700_000_000_000 }));
}

/** A run of a producer's chunks. */
export function chunksOf(id: string, from: number, count: number): EncodedChunk[] {
  return Array.from({ length: count }, (_, i) => chunkOf(id, from + i));
}

/** Which producer's chunk it is, and its number. */
export function originOf({ head, bytes }: EncodedChunk): { readonly id: string; readonly n: number } {
  const text = bytes === undefined ? (JSON.parse(head) as { data: string }).data : new TextDecoder().decode(bytes);
  const [id = '', n] = text.split(' ');
  return { id, n: Number(n) };
}
