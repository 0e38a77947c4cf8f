// The least a reader of `sluice.v1` has to do, written from PROTOCOL.md: parse every message, check every number, grant
// credit when half of the window is used.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Tally } from '../fan-out/tally.mjs';

const window = { chunks: 256, bytes: 1 << 20 };

let tally;
export const count = () => tally.count();
export const record = (begin) => tally.record(begin);

export async function connect({ port, progressPort, readers, reportEvery }) {
  tally = new Tally(readers);
  await tally.report(progressPort, reportEvery);
  for (let reader = 0; reader < readers; reader++) await open(port, reader);
}

async function open(port, reader) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sluice.v1', { perMessageDeflate: false });
  const reading = new Reading(socket, reader);
  socket.on('message', (message) => {
    for (const frame of message.toString().split('\n')) reading.heard(JSON.parse(frame));
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ t: 'subscribe', stream: 'bench', from: 'beginning', ...window }));
  await reading.subscribed;
}

class Reading {
  #socket;
  #reader;
  #next = 0;
  #taken = { chunks: 0, bytes: 0 };
  #granted = window;
  #resolve;
  subscribed = new Promise((resolve) => (this.#resolve = resolve));

  constructor(socket, reader) {
    this.#socket = socket;
    this.#reader = reader;
  }

  heard(frame) {
    if (frame.t === 'data') this.#data(frame);
    else if (frame.t === 'subscribed') this.#resolve();
    else if (frame.t !== 'welcome') tally.fail(`reader ${this.#reader} got ${JSON.stringify(frame)}`);
  }

  #data({ ch, seq, chunks }) {
    if (seq !== this.#next) tally.fail(`reader ${this.#reader} expected chunk ${this.#next}, got ${seq}`);
    this.#next += chunks.length;
    for (const { data, size } of chunks) {
      this.#taken.bytes += size;
      tally.got(this.#reader, data);
    }
    this.#taken.chunks += chunks.length;
    if ((this.#granted.chunks - this.#taken.chunks) * 2 <= window.chunks) this.#grant(ch);
  }

  #grant(ch) {
    this.#granted = { chunks: this.#taken.chunks + window.chunks, bytes: this.#taken.bytes + window.bytes };
    this.#socket.send(JSON.stringify({ t: 'credit', ch, ...this.#granted }));
  }
}
