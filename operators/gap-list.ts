import { Gap } from '../src/chunk/index.js';

/**
 * Gaps announced ahead of their place: in order, no two overlapping. Where two say the same, the first has said it.
 *
 * @internal
 */
export class GapList {
  #gaps: Gap[] = [];

  /** How many gaps there are. */
  get length(): number {
    return this.#gaps.length;
  }

  /** The lowest gap. */
  get first(): Gap | undefined {
    return this.#gaps[0];
  }

  /** Adds what of a gap was not announced yet. */
  add(gap: Gap): void {
    const merged: Gap[] = [];
    let { from } = gap;
    for (const other of this.#gaps) {
      if (from < gap.to && from < other.from) append(merged, part(gap, from, Math.min(gap.to, other.from)));
      from = Math.max(from, other.to);
      append(merged, other);
    }
    if (from < gap.to) append(merged, part(gap, from, gap.to));
    this.#gaps = merged;
  }

  /** Takes the part below `to` out of the lowest gap and returns it. */
  take(to: number): Gap | undefined {
    const gap = this.#gaps.shift();
    if (gap === undefined || gap.to <= to) return gap;
    this.#gaps.unshift(part(gap, to, gap.to));
    return part(gap, gap.from, to);
  }

  /** Forgets everything below `seq`. */
  trim(seq: number): void {
    while (this.#gaps.length > 0 && this.#gaps[0]!.from < seq) this.take(seq);
  }

  /** Lets go of all. */
  clear(): void {
    this.#gaps = [];
  }
}

/** Adds the highest gap: as part of the one right before it when that has the same reason, to stay short. */
function append(gaps: Gap[], gap: Gap): void {
  const last = gaps.at(-1);
  if (last?.to !== gap.from || last.reason !== gap.reason) gaps.push(gap);
  else gaps[gaps.length - 1] = new Gap(gap.streamId, last.from, gap.to, gap.reason);
}

/** Part of a gap; the gap itself when that is all of it. */
function part(gap: Gap, from: number, to: number): Gap {
  return from === gap.from && to === gap.to ? gap : new Gap(gap.streamId, from, to, gap.reason);
}
