import type { MarbleLine } from './marbles.js';

/** A long time in which nothing happens: frames `from` up to `to` take the column `column`. */
interface Pause {
  readonly from: number;
  readonly to: number;
  readonly column: number;
  readonly length: number;
}

/** @internal Where frames stand in a picture: a column each, but for long pauses, which are one column. */
export class Columns {
  readonly pauses: readonly Pause[];

  /** @param longPause - frames in which nothing happens on any line, beyond which they are drawn as one pause */
  constructor(lines: readonly MarbleLine[], longPause: number) {
    const frames = lines.flatMap(({ from, to, moments }) => [from, to, ...moments.map(({ at }) => at)]);
    const pauses: Pause[] = [];
    let saved = 0;
    let before = 0;
    for (const frame of frames.toSorted((a, b) => a - b)) {
      const from = before + 1;
      if (frame - from > longPause) {
        pauses.push({ from, to: frame, column: from - saved, length: frame - from });
        saved += frame - from - 1;
      }
      before = frame;
    }
    this.pauses = pauses;
  }

  /** The column of a frame. */
  of(frame: number): number {
    let saved = 0;
    for (const { from, to } of this.pauses) {
      if (frame < to) return frame < from ? frame - saved : from - saved;
      saved += to - from - 1;
    }
    return frame - saved;
  }
}
