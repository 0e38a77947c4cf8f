import type { Range } from '../chunk/index.js';

/** What one reader of a stream was missing, in totals since it began to read. */
export interface GapCounts {
  /** Holes it has seen, each counted once, however often it asks. */
  readonly holes: number;
  /** Chunks it has asked for again; some of them more than once. */
  readonly asked: number;
  /** Chunks it was sent again. */
  readonly resent: number;
  /** Chunks it was told it will not have, because they are kept no more. */
  readonly lost: number;
}

/** Counts what one reader is missing, by what it asks for and what it is sent. */
export class Gaps implements GapCounts {
  holes = 0;
  asked = 0;
  resent = 0;
  lost = 0;
  /** Holes are seen in the order of their numbers: below this one it has asked before. */
  private seenTo = 0;
  /** What is kept no more are the oldest: below this number all is counted. */
  private lostTo = 0;

  /** It has asked for these again. */
  request(ranges: readonly Range[]): void {
    for (const { from, to } of ranges) {
      this.asked += to - from;
      if (from >= this.seenTo) this.holes++;
      this.seenTo = Math.max(this.seenTo, to);
    }
  }

  /** It is told that it will not have these. */
  lose(from: number, to: number): void {
    this.lost += Math.max(0, to - Math.max(from, this.lostTo));
    this.lostTo = Math.max(this.lostTo, to);
  }

  /** The counts at this moment. */
  get counts(): GapCounts {
    const { holes, asked, resent, lost } = this;
    return { holes, asked, resent, lost };
  }
}
