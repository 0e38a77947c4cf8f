import type { Range } from '../src/chunk/index.js';
import { Ring } from './ring.js';

/** How many ranges are remembered. */
const capacity = 64;

/**
 * The ranges of numbers that were given up last: tells what comes late from what comes twice.
 *
 * @internal
 */
export class GivenUp {
  private readonly ranges = new Ring<Range>(capacity);

  /** Remembers a range, and forgets the oldest when there are too many. */
  add(range: Range): void {
    if (this.ranges.full) this.ranges.shift();
    this.ranges.push(range);
  }

  /** Whether a number was given up. */
  has(seq: number): boolean {
    for (let i = 0; i < this.ranges.length; i++) {
      const { from, to } = this.ranges.at(i)!;
      if (from <= seq && seq < to) return true;
    }
    return false;
  }

  /** Lets go of all. */
  clear(): void {
    this.ranges.clear();
  }
}
