/**
 * Items waiting for their turn, by number: a ring in which a number finds its slot by its low bits. The numbers held at one
 * time lie less than the window's size apart, so that no two want the same slot; the caller sees to that.
 *
 * @internal
 */
export class SequenceWindow<T> {
  private slots: (T | undefined)[] = [];
  private readonly mask: number;
  private held = 0;

  /** @param size - storage, rounded up to a power of two, comes with the first item */
  constructor(size: number) {
    this.mask = 2 ** Math.ceil(Math.log2(size)) - 1;
  }

  /** How many items wait. */
  get count(): number {
    return this.held;
  }

  /** Puts an item into its slot, which must be free. */
  put(seq: number, item: T): void {
    if (this.slots.length === 0) this.slots = new Array<T | undefined>(this.mask + 1).fill(undefined);
    this.slots[seq & this.mask] = item;
    this.held++;
  }

  /** Whether an item waits under this number. */
  has(seq: number): boolean {
    return this.slots[seq & this.mask] !== undefined;
  }

  /** Takes an item out; `undefined` when there is none. */
  take(seq: number): T | undefined {
    const slot = seq & this.mask;
    const item = this.slots[slot];
    if (item === undefined) return undefined;
    this.slots[slot] = undefined;
    this.held--;
    return item;
  }

  /** The lowest number held, searched from one that is not above it; `Infinity` when nothing is held. */
  first(from: number): number {
    if (this.held === 0) return Infinity;
    let seq = from;
    while (!this.has(seq)) seq++;
    return seq;
  }

  /** Lets go of all, the storage included. */
  clear(): void {
    this.slots = [];
    this.held = 0;
  }
}
