import type { EncodedChunk } from '../chunk/index.js';
import type { LogSlice } from '../log/log.js';
import type { DataFrame } from '../protocol/index.js';

/** A run of chunks in its frame, with what it costs. */
export interface Parcel {
  readonly frame: DataFrame<EncodedChunk>;
  /** Bytes of data: what byte credit counts. */
  readonly size: number;
  /** Encoded bytes: what a link has to take. */
  readonly length: number;
}

/** Packs chunks of channel `ch`, the first of them number `seq`. */
export function packParcel(ch: number, seq: number, chunks: readonly EncodedChunk[]): Parcel {
  let size = 0;
  let length = 0;
  for (const chunk of chunks) {
    size += chunk.size;
    length += chunk.length;
  }
  return { frame: { t: 'data', ch, seq, chunks }, size, length };
}

/**
 * The parcels of one slice, by how many of its chunks they hold: nearly always one, the same object for everybody, and so
 * encoded once.
 */
export class SharedParcels {
  private packed: Parcel[] | undefined;

  constructor(
    private readonly ch: number,
    readonly slice: LogSlice,
  ) {}

  /** The first `count` chunks. */
  take(count: number): Parcel {
    for (const parcel of this.packed ?? []) if (parcel.frame.chunks.length === count) return parcel;
    const { from, chunks } = this.slice;
    const parcel = packParcel(this.ch, from, count === chunks.length ? chunks : chunks.slice(0, count));
    if (this.packed === undefined) this.packed = [parcel];
    else this.packed.push(parcel);
    return parcel;
  }
}
