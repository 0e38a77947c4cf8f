import type { SharedParcels } from './parcel.js';
import type { Subscription } from './subscription.js';

/** A read of the log that readers at the same place share. */
export interface Read {
  readonly from: number;
  /** Those it was asked for before the answer came. */
  readonly waiting: Subscription[];
  /** The answer, once it is there. */
  parcels: SharedParcels | undefined;
}

/** The reads of one pump, by where they begin: nearly always one. */
export class Reads {
  private first: Read | undefined;
  private others: Map<number, Read> | undefined;

  /** The read that begins at `from`. */
  get(from: number): Read | undefined {
    return this.first?.from === from ? this.first : this.others?.get(from);
  }

  /** Begins a read, for one reader to start with. */
  add(from: number, subscription: Subscription): Read {
    const read: Read = { from, waiting: [subscription], parcels: undefined };
    if (this.first === undefined) this.first = read;
    else (this.others ??= new Map()).set(from, read);
    return read;
  }

  /** Forgets a read that failed: the next reader at its place is to see for itself. */
  delete({ from }: Read): void {
    if (this.first?.from === from) this.first = undefined;
    else this.others?.delete(from);
  }
}
