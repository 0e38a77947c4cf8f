import { clock, madeAt } from '../harness/clock.mjs';
import { quantile } from '../harness/statistics.mjs';

/** Most latencies kept in one phase. */
const room = 1 << 20;

/** Counts chunks as they come, parsed, and how long ago they were made. */
export class Latencies {
  #count = 0;
  #values = new Float64Array(room);
  #recorded = -1;
  #failure;

  got(head) {
    const at = madeAt(JSON.parse(head));
    this.#count++;
    if (this.#recorded >= 0 && this.#recorded < room) this.#values[this.#recorded++] = clock() - at;
  }

  /** Something is wrong: the next question is answered with it. */
  fail(message) {
    this.#failure ??= message;
  }

  count() {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    return this.#count;
  }

  /** Begins to record, or ends it and answers quantiles in milliseconds. */
  record(begin) {
    if (begin) return void (this.#recorded = 0);
    const values = this.#values.subarray(0, Math.max(0, this.#recorded));
    this.#recorded = -1;
    return { p50: quantile(values, 0.5) / 1000, p99: quantile(values, 0.99) / 1000, max: quantile(values, 1) / 1000 };
  }
}
