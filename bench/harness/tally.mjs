import { once } from 'node:events';
import { connect } from 'node:net';
import { clock } from './clock.mjs';
import { quantile } from './statistics.mjs';

/** Most latencies kept in one phase. */
const room = 1 << 20;

/** Counts what readers get, checks every number, and tells the producer how far all of them are. */
export class Tally {
  #next;
  #count = 0;
  #reportAt = Infinity;
  #reportEvery;
  #progress;
  #latencies = new Float64Array(room);
  #recorded = -1;
  #failure;

  /** @param {number} readers how many there are */
  constructor(readers) {
    this.#next = new Float64Array(readers);
  }

  /** Connects to the producer; it hears of every `every` chunks that all readers have. */
  async report(port, every) {
    this.#progress = connect(port, '127.0.0.1');
    this.#progress.setNoDelay(true);
    this.#reportEvery = every * this.#next.length;
    this.#reportAt = this.#reportEvery;
    await once(this.#progress, 'connect');
  }

  /** A reader has a chunk, parsed. */
  got(reader, seq, at) {
    if (seq !== this.#next[reader]) this.fail(`reader ${reader} expected chunk ${this.#next[reader]}, got ${seq}`);
    this.#next[reader] = seq + 1;
    this.#count++;
    if (this.#recorded >= 0 && this.#recorded < room) this.#latencies[this.#recorded++] = clock() - at;
    if (this.#count >= this.#reportAt) this.#tell();
  }

  #tell() {
    this.#reportAt += this.#reportEvery;
    const message = Buffer.alloc(4);
    message.writeUInt32BE(Math.floor(this.#count / this.#next.length));
    this.#progress.write(message);
  }

  /** Something is wrong: the next question is answered with it. */
  fail(message) {
    this.#failure ??= message;
  }

  /** Chunks delivered so far, over all readers. */
  count() {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    return this.#count;
  }

  /** Begins to record latencies, or ends it and answers their quantiles in microseconds. */
  record(begin) {
    if (begin) {
      this.#recorded = 0;
      return undefined;
    }
    const latencies = this.#latencies.subarray(0, Math.max(0, this.#recorded));
    this.#recorded = -1;
    return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
  }
}
