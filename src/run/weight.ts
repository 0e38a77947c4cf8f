import { utf8Length } from '../chunk/index.js';

/** Deeper than JSON may be in a chunk: what is there is not looked at. */
const maxDepth = 128;

/**
 * About how many bytes a value takes as JSON, quickly. Of one that takes more than a bound, only that it does.
 *
 * @internal
 */
export function weightOf(value: unknown, bound: number, depth = 0): number {
  if (typeof value === 'string') return utf8Length(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== 'object' || value === null || depth >= maxDepth) return 8;
  let weight = 2;
  for (const [key, item] of Object.entries(value)) {
    weight += key.length + 4 + weightOf(item, bound - weight, depth + 1);
    if (weight > bound) break;
  }
  return weight;
}
