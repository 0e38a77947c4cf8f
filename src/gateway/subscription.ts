import type { EncodedChunk, JoinPosition } from '../chunk/index.js';
import type { Close } from '../log/log.js';
import { Gaps } from './gaps.js';
import type { FrameOf, ServerFrame } from '../protocol/index.js';
import type { Parcel } from './parcel.js';

/**
 * One client's reading of one stream: where it is and how much it may still be sent. Credit is counted in totals since
 * the subscription began, as PROTOCOL.md section 4 has it.
 */
export class Subscription {
  /** Number of the first chunk not sent yet. */
  next: number;
  /** A read of the log for it is under way. */
  reading = false;
  /** Chunks are being looked up to be sent again. */
  repairing = false;
  /** What it is missing. */
  readonly gaps = new Gaps();
  /** Its `end` has been sent. */
  ended: Close | undefined;
  /** Number of the first chunk that came after the reader. */
  live = Infinity;
  /** Of all streams that ever had the name, the one that is read. */
  life: string | undefined;
  /** The snapshot it began with, until the reader has shown that it has it. */
  snapshot: EncodedChunk | undefined;

  private sentChunks = 0;
  private sentBytes = 0;

  constructor(
    readonly streamId: string,
    readonly ch: number,
    /** The position asked for, to recognise the same request when it is repeated. */
    readonly from: JoinPosition,
    /** Number of the first chunk of all. */
    readonly start: number,
    private grantedChunks: number,
    private grantedBytes: number,
  ) {
    this.next = start;
  }

  /** Raises the totals; lower ones change nothing. */
  grant(chunks: number, bytes: number): void {
    if (chunks > this.grantedChunks) this.grantedChunks = chunks;
    if (bytes > this.grantedBytes) this.grantedBytes = bytes;
  }

  /** How many chunks may be sent now: none, too, when the bytes are used up. */
  get chunkCredit(): number {
    return this.sentBytes < this.grantedBytes ? this.grantedChunks - this.sentChunks : 0;
  }

  /** How many of these chunks may be sent: within chunk credit, the last one possibly beyond byte credit. */
  affordable(chunks: readonly EncodedChunk[]): number {
    const most = Math.min(chunks.length, this.chunkCredit);
    let bytes = this.grantedBytes - this.sentBytes;
    for (let i = 0; i < most; i++) {
      if (bytes <= 0) return i;
      bytes -= chunks[i]!.size;
    }
    return most;
  }

  /** Takes note of what was sent for the first time. */
  sent({ frame, size }: Parcel): void {
    this.next = frame.seq + frame.chunks.length;
    this.sentChunks += frame.chunks.length;
    this.sentBytes += size;
  }
}

/** The frame that tells a client that a stream has ended, and where. */
export function endFrame(
  { ch, next: seq }: Pick<Subscription, 'ch' | 'next'>,
  { status, reason }: Close,
): FrameOf<ServerFrame, 'end'> {
  return reason === undefined ? { t: 'end', ch, seq, status } : { t: 'end', ch, seq, status, reason };
}
