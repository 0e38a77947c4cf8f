// The load of a fan-out, the same for every peer: chunks of 200 bytes of text, each with its number and the time it was made.
//
// Flat out is a closed loop: so many chunks, then the event loop turns, as a program does that reads from a socket; and
// never more than a window ahead of what the readers say they have, so that nobody runs away. Paced is an open loop.
import { createServer } from 'node:net';
import { clock } from '../harness/clock.mjs';

const shortText = 'x'.repeat(200);

/** Makes chunks and hands them to `emit`. */
export class Producer {
  #emit;
  #made = 0;
  #consumed = 0;
  #running = 0;
  #text;

  /** @param {(chunk: { seq: number, at: number, text: string }) => void} emit told of every chunk; `at` is in microseconds */
  constructor(emit, text = shortText) {
    this.#emit = emit;
    this.#text = text;
  }

  /** Chunks made so far. */
  get made() {
    return this.#made;
  }

  /** Readers connect here to say how many chunks all of them have. Answers the port. */
  listen() {
    const server = createServer((socket) => {
      let rest = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (data) => {
        rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
        const whole = rest.length - (rest.length % 4);
        if (whole > 0) this.#consumed = rest.readUInt32BE(whole - 4);
        rest = rest.subarray(whole);
      });
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  }

  #make() {
    this.#emit({ seq: this.#made++, at: clock(), text: this.#text });
  }

  /** As fast as the readers take them: `perTurn` chunks in each turn of the event loop, until there are `most`. */
  flat({ window, perTurn, most = Infinity }) {
    const run = ++this.#running;
    const turn = () => {
      if (run !== this.#running) return;
      for (let i = 0; i < perTurn && this.#made < most && this.#made - this.#consumed < window; i++) this.#make();
      if (this.#made < most) setImmediate(turn);
    };
    turn();
  }

  /** So many chunks a second, each when it is due. */
  paced(perSecond) {
    const run = ++this.#running;
    const first = this.#made;
    const begun = performance.now();
    const timer = setInterval(() => {
      if (run !== this.#running) return clearInterval(timer);
      const due = ((performance.now() - begun) / 1000) * perSecond;
      while (this.#made - first < due) this.#make();
    }, 1000 / perSecond);
  }

  /** No more. Answers how many were made in all. */
  pause() {
    this.#running++;
    return this.#made;
  }
}

/** What a server's module exports besides `listen`, for the parent to call. */
export function producerCalls(producer) {
  return {
    flat: (options) => producer.flat(options),
    paced: (perSecond) => producer.paced(perSecond),
    pause: () => producer.pause(),
  };
}
