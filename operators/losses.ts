import { Gap, isNotice, isSeq, type Range } from '../src/chunk/index.js';
import { streamOf } from './numbered.js';

/**
 * What was let go at one place in the order of items, as one range for each stream.
 *
 * @internal
 */
export class Losses {
  private readonly ranges = new Map<string, Range>();

  /** Adds a chunk, or the gap that stood for chunks lost before. What has no number is not counted. */
  add(item: unknown): void {
    const lost = rangeOf(item);
    if (lost === undefined) return;
    const streamId = streamOf(item);
    const { from, to } = this.ranges.get(streamId) ?? lost;
    this.ranges.set(streamId, { from: Math.min(from, lost.from), to: Math.max(to, lost.to) });
  }

  gaps(): Gap[] {
    return [...this.ranges].map(([streamId, { from, to }]) => new Gap(streamId, from, to, 'dropped'));
  }
}

function rangeOf(item: unknown): Range | undefined {
  if (item instanceof Gap) return item;
  // The numbers of other notices are those of no chunk.
  if (typeof item !== 'object' || item === null || isNotice(item)) return undefined;
  const { seq } = item as { seq?: unknown };
  return isSeq(seq) ? { from: seq, to: seq + 1 } : undefined;
}
