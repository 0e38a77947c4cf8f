/** What stands in a slot that nothing waits in: an item may be any value, `undefined` too. */
const free = Symbol('free');

/**
 * Items waiting for their turn, by number: a ring in which a number finds its slot by its low bits. The numbers held at one
 * time lie less than the window's size apart, so that no two want the same slot; the caller sees to that.
 *
 * @internal
 */
export class SequenceWindow<T> {
  // Two arrays side by side: an object for each item that waits would cost as much as all the rest.
  private slots: (T | typeof free)[] = [];
  private sizes: number[] = [];
  private readonly mask: number;
  /** How many items wait. */
  count = 0;
  /** The bytes they count for. */
  bytes = 0;

  /** @param size - storage, rounded up to a power of two, comes with the first item */
  constructor(size: number) {
    this.mask = 2 ** Math.ceil(Math.log2(size)) - 1;
  }

  /** Puts an item into its slot, which must be free. */
  put(seq: number, item: T, bytes: number): void {
    if (this.slots.length === 0) this.makeSlots();
    const slot = seq & this.mask;
    this.slots[slot] = item;
    this.sizes[slot] = bytes;
    this.count++;
    this.bytes += bytes;
  }

  private makeSlots(): void {
    this.slots = new Array<T | typeof free>(this.mask + 1).fill(free);
    this.sizes = new Array<number>(this.mask + 1).fill(0);
  }

  /** Whether an item waits under this number. */
  has(seq: number): boolean {
    return this.count > 0 && this.slots[seq & this.mask] !== free;
  }

  /** Takes out the item that waits under this number: there must be one. */
  take(seq: number): T {
    const slot = seq & this.mask;
    const item = this.slots[slot] as T;
    this.slots[slot] = free;
    this.count--;
    this.bytes -= this.sizes[slot]!;
    return item;
  }

  /** The lowest number held, searched from one that is not above it; `Infinity` when nothing is held. */
  first(from: number): number {
    if (this.count === 0) return Infinity;
    let seq = from;
    while (!this.has(seq)) seq++;
    return seq;
  }

  /** Lets go of all, the storage included. */
  clear(): void {
    this.slots = [];
    this.sizes = [];
    this.count = this.bytes = 0;
  }
}
