// The least a reader of `sluice.v1` has to do, written from PROTOCOL.md: parse every message, check every number, grant
// credit when half of the window is used.
import { once } from 'node:events';
import { WebSocket } from 'ws';

const bytes = 1 << 30;

/** A connection that reads streams. */
export class SluiceSocket {
  #socket;
  #fail;
  #asked = new Map();
  #readings = new Map();

  /** @param {(message: string) => void} fail told of what should not happen */
  constructor(port, fail) {
    this.#fail = fail;
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sluice.v1', { perMessageDeflate: false });
    this.#socket.on('message', (message) => {
      const text = message.toString();
      if (!text.includes('\n')) return this.#heard(JSON.parse(text));
      for (const frame of text.split('\n')) this.#heard(JSON.parse(frame));
    });
    this.#socket.on('close', (code, reason) => fail(`closed with ${code}: ${reason}`));
    this.opened = once(this.#socket, 'open');
  }

  /** Reads a stream from its beginning: `got` is handed every chunk and its number. Resolves when the server agrees. */
  read(stream, got, { window = 256, first = window } = {}) {
    return new Promise((subscribed) => {
      this.#asked.set(stream, { got, subscribed, window, next: 0, granted: first });
      this.#say({ t: 'subscribe', stream, from: 'beginning', chunks: first, bytes });
    });
  }

  /** Takes nothing more from the network. */
  pause() {
    this.#socket.pause();
  }

  #say(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  #heard(frame) {
    if (frame.t === 'data') this.#data(frame);
    else if (frame.t === 'subscribed') this.#subscribed(frame);
    else if (frame.t !== 'welcome') this.#fail(`unexpected ${JSON.stringify(frame)}`);
  }

  #subscribed({ stream, ch }) {
    const reading = this.#asked.get(stream);
    this.#readings.set(ch, reading);
    reading.subscribed();
  }

  #data({ ch, seq, chunks }) {
    const reading = this.#readings.get(ch);
    if (seq !== reading.next) this.#fail(`expected chunk ${reading.next}, got ${seq}`);
    for (const chunk of chunks) reading.got(chunk, reading.next++);
    if ((reading.granted - reading.next) * 2 > reading.window) return;
    reading.granted = reading.next + reading.window;
    this.#say({ t: 'credit', ch, chunks: reading.granted, bytes });
  }
}
