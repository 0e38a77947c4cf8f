import type { EncodedChunk } from '../chunk/index.js';
import type { ReadLimit } from './log.js';

/** @internal What one stream may keep. */
export interface KeptBounds {
  readonly maxChunks: number;
  readonly maxBytes: number;
}

/** @internal What is kept once a batch has been added and the oldest have gone. */
export interface Fit {
  /** Index in the batch of the first chunk to add. */
  readonly from: number;
  /** Number of the oldest chunk that stays. */
  readonly first: number;
  /** Encoded bytes of those that stay. */
  readonly bytes: number;
}

/**
 * @internal The chunks of one stream that are kept: added behind, let go in front, read anywhere by number. Adding and
 * letting go take constant time on average, reading takes as long as what is read.
 */
export class KeptChunks {
  /** Number of the oldest chunk kept. */
  first = 0;
  /** Number the next chunk gets. */
  next = 0;
  /** Encoded bytes kept. */
  bytes = 0;

  /** Slots below `head` are empty. */
  private slots: (EncodedChunk | undefined)[] = [];
  private head = 0;

  /** What would be kept if `batch`, from index `from` on, were added within these bounds. Changes nothing. */
  fit(batch: readonly EncodedChunk[], from: number, { maxChunks, maxBytes }: KeptBounds): Fit {
    const next = this.next + batch.length - from;
    let { first, bytes } = this;
    for (let i = from; i < batch.length; i++) bytes += batch[i]!.length;
    while (next - first > maxChunks || bytes > maxBytes) {
      const oldest = first < this.next ? this.slots[this.slotOf(first)]! : batch[from + first - this.next]!;
      bytes -= oldest.length;
      first++;
    }
    return { from, first, bytes };
  }

  /** Adds the newest chunk. */
  push(chunk: EncodedChunk): void {
    this.slots.push(chunk);
    this.next++;
    this.bytes += chunk.length;
  }

  /** Lets go of every chunk below `before`. Answers whether there was one. */
  trim(before: number): boolean {
    const count = Math.min(before, this.next) - this.first;
    if (count <= 0) return false;
    for (let slot = this.head; slot < this.head + count; slot++) {
      this.bytes -= this.slots[slot]!.length;
      this.slots[slot] = undefined;
    }
    this.head += count;
    this.first += count;
    // The rest moves up once half of the slots are empty: on average, every chunk moves once.
    if (this.head * 2 > this.slots.length) {
      this.slots = this.slots.slice(this.head);
      this.head = 0;
    }
    return true;
  }

  /** A run of chunks from number `from`, which must be kept or still to come: at least one where there is one. */
  read(from: number, limit: ReadLimit): EncodedChunk[] {
    const start = this.slotOf(from);
    const most = Math.min(this.slots.length, start + limit.chunks);
    let bytes = 0;
    let end = start;
    while (end < most) {
      bytes += this.slots[end]!.length;
      if (bytes > limit.bytes && end > start) break;
      end++;
    }
    return this.slots.slice(start, end) as EncodedChunk[];
  }

  private slotOf(seq: number): number {
    return this.head + seq - this.first;
  }
}
