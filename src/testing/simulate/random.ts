/**
 * A small source of randomness that gives the same numbers for the same seed, on every machine: a counter whose steps are
 * those of the golden ratio, stirred by the last steps of MurmurHash3. Good enough for drawing scenarios, for nothing else.
 *
 * @internal
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    // Both halves of a large seed count, and neighbouring seeds begin far from each other.
    this.state = stir((seed | 0) ^ stir(Math.floor(seed / 2 ** 32) | 0));
  }

  /** A number from 0 up to 1, not included. */
  readonly next = (): number => {
    this.state = (this.state + 0x9e3779b9) | 0;
    return (stir(this.state) >>> 0) / 2 ** 32;
  };

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A whole number from `min` to `max`, small ones far more often: each power of two is as likely. */
  scale(min: number, max: number): number {
    return Math.min(max, Math.floor(min * ((max + 1) / min) ** this.next()));
  }

  /** Whether something that happens in this share of cases happens now. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of them, each as likely. */
  pick<const T>(items: readonly [T, ...T[]]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  /** A source of its own: however much is drawn from it, this one goes on the same. */
  fork(): Random {
    return new Random(this.int(0, 2 ** 32 - 1));
  }
}

function stir(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
