import { Gap } from '../../src/chunk/index.js';
import type { Item } from './alphabet.js';

/** What `reorder` must make of items when all is over: sorted, each once, gaps named. */
export function naiveOrder(items: readonly Item[], start = 0): (Item | Gap)[] {
  const bySeq = new Map<number, Item>();
  for (const item of items) if (item.seq >= start && !bySeq.has(item.seq)) bySeq.set(item.seq, item);
  const ordered: (Item | Gap)[] = [];
  let expected = start;
  for (const item of [...bySeq.values()].sort((a, b) => a.seq - b.seq)) {
    if (item.seq > expected) ordered.push(new Gap(item.streamId, expected, item.seq, 'dropped'));
    ordered.push(item);
    expected = item.seq + 1;
  }
  return ordered;
}
