import { Ring } from './ring.js';

/**
 * Remembers the newest keys, for a time if one is given. First in, first out: a key seen again grows no younger, so that
 * one sent over and over cannot stay for ever.
 *
 * @internal
 */
export class SeenKeys {
  private readonly keys = new Set<unknown>();
  private readonly order: Ring<unknown>;
  /** When the keys were added, in the same order; empty without a time to live. */
  private readonly times: Ring<number>;

  /**
   * @param window - how many keys are remembered
   * @param ttlMs - for how long; `Infinity` for as long as the window lets them
   * @param now - tells the time; never asked when `ttlMs` is `Infinity`
   */
  constructor(
    window: number,
    private readonly ttlMs: number,
    private readonly now: () => number,
  ) {
    this.order = new Ring(window);
    this.times = new Ring(window);
  }

  /** Notes a key. True when it is new, or was forgotten. */
  add(key: unknown): boolean {
    const timed = this.ttlMs !== Infinity;
    const now = timed ? this.now() : 0;
    while (this.times.length > 0 && this.times.at(0)! + this.ttlMs <= now) this.forget();
    // Asking first whether the key is there would look it up twice.
    const { size } = this.keys;
    this.keys.add(key);
    if (this.keys.size === size) return false;
    if (this.order.full) this.forget();
    this.order.push(key);
    if (timed) this.times.push(now);
    return true;
  }

  /** Lets go of all. */
  clear(): void {
    this.keys.clear();
    this.order.clear();
    this.times.clear();
  }

  private forget(): void {
    this.keys.delete(this.order.shift());
    this.times.shift();
  }
}
