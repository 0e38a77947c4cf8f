/**
 * Remembers which of the newest numbers were seen, one bit each: a window that slides with the highest, as receivers of
 * datagrams use against replays.
 *
 * @internal
 */
export class SeenNumbers {
  /** Lowest number above all seen. */
  private next = 0;
  /** A ring of at least `window` bits. */
  private readonly words: Int32Array;
  private readonly mask: number;

  /** @param window - how many numbers below the highest are remembered */
  constructor(private readonly window: number) {
    this.mask = 2 ** Math.max(0, Math.ceil(Math.log2(window / 32))) - 1;
    this.words = new Int32Array(this.mask + 1);
  }

  /** Notes a number. True the first time; false for one seen before, and for one older than the window. */
  add(seq: number): boolean {
    if (seq < this.next) return this.addBelow(seq);
    if (seq > this.next) this.forget(seq);
    this.next = seq + 1;
    // The shifts take a number modulo 2^32, which every ring size divides.
    this.words[(seq >>> 5) & this.mask]! |= 1 << (seq & 31);
    return true;
  }

  private addBelow(seq: number): boolean {
    if (seq < this.next - this.window) return false;
    const word = (seq >>> 5) & this.mask;
    const bit = 1 << (seq & 31);
    if ((this.words[word]! & bit) !== 0) return false;
    this.words[word]! |= bit;
    return true;
  }

  /** Clears the bits of the numbers skipped: they still hold those of a round before. */
  private forget(seq: number): void {
    if (seq - this.next >= this.window) {
      this.words.fill(0);
      return;
    }
    for (let skipped = this.next; skipped < seq; skipped++) {
      this.words[(skipped >>> 5) & this.mask]! &= ~(1 << (skipped & 31));
    }
  }
}
