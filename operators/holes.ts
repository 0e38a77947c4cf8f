import type { Range } from '../src/chunk/index.js';

/**
 * Numbers missing, and what is to be done about them.
 *
 * @internal
 */
export interface Hole {
  from: number;
  to: number;
  /** When it is next acted upon. */
  dueAt: number;
  /** How often it was asked for. */
  attempts: number;
}

/**
 * The numbers a stream lacks, as ranges in order: what arrives closes them, what is too old is taken out.
 *
 * @internal
 */
export class Holes {
  #holes: Hole[] = [];
  #count = 0;

  /** How many ranges there are. */
  get length(): number {
    return this.#holes.length;
  }

  /** How many numbers are missing. */
  get missing(): number {
    return this.#count;
  }

  /** When the first is due; `Infinity` when none is. */
  get dueAt(): number {
    return this.#holes.reduce((earliest, hole) => Math.min(earliest, hole.dueAt), Infinity);
  }

  /** Opens a hole above all others. */
  open({ from, to }: Range, dueAt: number): void {
    this.#holes.push({ from, to, dueAt, attempts: 0 });
    this.#count += to - from;
  }

  /** Whether anything of a range is missing. */
  lacks({ from, to }: Range): boolean {
    const hole = this.#holes[this.#indexOf(from)];
    return hole !== undefined && hole.from < to;
  }

  /** Takes a range of numbers out, splitting the holes it lies in. Tells how many of them were missing. */
  close({ from, to }: Range): number {
    const before = this.#count;
    let i = this.#indexOf(from);
    for (let hole = this.#holes[i]; hole !== undefined && hole.from < to; hole = this.#holes[i]) {
      const rest: Hole[] = [];
      if (hole.from < from) rest.push({ ...hole, to: from });
      if (to < hole.to) rest.push({ ...hole, from: to });
      this.#holes.splice(i, 1, ...rest);
      this.#count -= Math.min(hole.to, to) - Math.max(hole.from, from);
      i += rest.length;
    }
    return before - this.#count;
  }

  /** The holes due at a time, lowest first. */
  due(now: number): Hole[] {
    return this.#holes.filter(({ dueAt }) => dueAt <= now);
  }

  /** Takes the holes out that `lost` names, and returns them, lowest first. */
  remove(lost: (hole: Hole) => boolean): Hole[] {
    const removed = this.#holes.filter(lost);
    this.#holes = this.#holes.filter((hole) => !lost(hole));
    for (const { from, to } of removed) this.#count -= to - from;
    return removed;
  }

  /** Lets go of all. */
  clear(): void {
    this.#holes = [];
    this.#count = 0;
  }

  /** Where the first hole stands that ends above `seq`. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#holes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#holes[middle]!.to > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
