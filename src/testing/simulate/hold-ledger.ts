import { BadFrame, type ServerFrame } from '../../protocol/index.js';
import type { Tell } from './finding.js';

/** What waits for one reader, and from which number on it matters. */
interface Held {
  readonly reader: string;
  readonly most: number;
  next: number;
  readonly chunks: Set<number>;
}

/**
 * Watches what a client must hold for its readers: what arrived and was not consumed, never more than a window.
 *
 * @internal
 */
export class HoldLedger {
  private readonly channels = new Map<number, string>();
  private readonly held = new Map<string, Held>();
  private readonly suspects = new Set<string>();

  constructor(
    private readonly now: () => number,
    private readonly tell: Tell,
  ) {}

  /** The only reader of a stream begins: what arrives from now on is for it, and at most so many chunks. */
  begins(stream: string, reader: string, most: number): void {
    this.held.set(stream, { reader, most, next: 0, chunks: new Set() });
  }

  /** The client heard frames. */
  hears(frames: readonly (ServerFrame | BadFrame)[]): void {
    for (const frame of frames) {
      if (frame instanceof BadFrame) continue;
      if (frame.t === 'welcome') this.channels.clear();
      else if (frame.t === 'subscribed') this.channels.set(frame.ch, frame.stream);
      else if (frame.t === 'data') this.hold(this.channels.get(frame.ch), frame.seq, frame.chunks.length);
    }
  }

  private hold(stream: string | undefined, from: number, count: number): void {
    const held = stream === undefined ? undefined : this.held.get(stream);
    if (held === undefined) return;
    for (let seq = Math.max(from, held.next); seq < from + count; seq++) held.chunks.add(seq);
    this.suspects.add(stream!);
  }

  /** The reader needs nothing below this number any more. */
  consumed(stream: string, next: number): void {
    const held = this.held.get(stream);
    if (held === undefined) return;
    held.next = next;
    for (const seq of held.chunks) if (seq < next) held.chunks.delete(seq);
  }

  /** The reader has ended. */
  ends(stream: string): void {
    this.held.delete(stream);
  }

  /** Looks at what is held, now that the consumers have had their turn. */
  inspect(): void {
    if (this.suspects.size === 0) return;
    for (const stream of this.suspects) {
      const held = this.held.get(stream);
      if (held === undefined || held.chunks.size <= held.most) continue;
      const { reader, most, next, chunks } = held;
      const what = `${chunks.size} chunks wait for ${reader}, and its window is ${most}`;
      this.tell({ at: this.now(), what, stream, reader, seq: next });
    }
    this.suspects.clear();
  }
}
