/** Slots of a ring that holds its first value: a power of two, as all sizes are, so that a mask finds the slot. */
const firstSize = 8;

/**
 * A queue with a bound, on a circular array: every step takes constant time, however long the queue. Storage doubles up
 * to the bound as it is needed, so that a high bound costs nothing while little is held.
 *
 * @internal
 */
export class Ring<T> {
  private slots: (T | undefined)[] = [];
  private head = 0;
  private count = 0;

  /** @param capacity - most values it may hold; `Infinity` when the caller bounds it otherwise */
  constructor(readonly capacity: number) {}

  /** Values held. */
  get length(): number {
    return this.count;
  }

  /** Whether it takes no more. */
  get full(): boolean {
    return this.count >= this.capacity;
  }

  /**
   * Adds the newest value.
   *
   * @throws RangeError when full: making room is the caller's decision
   */
  push(value: T): void {
    if (this.full) throw new RangeError(`the ring is full: it holds ${this.capacity}`);
    if (this.count === this.slots.length) this.grow();
    this.slots[this.slotOf(this.count)] = value;
    this.count++;
  }

  /** Takes the oldest value out. */
  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const value = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = this.slotOf(1);
    this.count--;
    return value;
  }

  /** Takes the newest value out. */
  pop(): T | undefined {
    if (this.count === 0) return undefined;
    this.count--;
    const slot = this.slotOf(this.count);
    const value = this.slots[slot];
    this.slots[slot] = undefined;
    return value;
  }

  /** The value at `index`, the oldest being 0; `undefined` beyond the newest. */
  at(index: number): T | undefined {
    return index >= 0 && index < this.count ? this.slots[this.slotOf(index)] : undefined;
  }

  /** Lets go of everything, the storage included. */
  clear(): void {
    this.slots = [];
    this.head = 0;
    this.count = 0;
  }

  private slotOf(index: number): number {
    return (this.head + index) & (this.slots.length - 1);
  }

  private grow(): void {
    const size = Math.max(firstSize, this.slots.length * 2);
    const slots = new Array<T | undefined>(size).fill(undefined);
    for (let i = 0; i < this.count; i++) slots[i] = this.slots[this.slotOf(i)];
    this.slots = slots;
    this.head = 0;
  }
}
