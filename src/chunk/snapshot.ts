import type { Chunk } from './chunk.js';
import { fields, string, whole } from './shape.js';

/** @internal Where a snapshot's metadata says what it is. */
export const snapshotKey = 'sluice.snapshot';

const markShape = fields({ fold: string(), from: whole(), seq: whole(1) });

/** What a snapshot stands for. */
export interface SnapshotMark {
  /** What was made of the chunks, such as `assembled`. */
  readonly fold: string;
  /** Number of the first chunk in it: above 0 when those before had been trimmed. */
  readonly from: number;
  /** Number of the first chunk behind it. */
  readonly seq: number;
}

/**
 * What a chunk stands for, when it is a snapshot: the first one a reader from `snapshot` gets may be one.
 *
 * @returns `undefined` for a chunk that is its own only
 *
 * @example
 * client.receive('answers/1', { from: 'snapshot' }).subscribe((chunk) => {
 *   if (snapshotOf(chunk) === undefined) append(chunk.data);
 *   else replaceAll(chunk.data);
 * });
 */
export function snapshotOf(chunk: Pick<Chunk, 'metadata'>): SnapshotMark | undefined {
  const mark = chunk.metadata[snapshotKey];
  return markShape(mark) === undefined ? (mark as unknown as SnapshotMark) : undefined;
}
