// 100 writers over sockets of their own, as cheap as can be: what is measured is the server. Requests are bytes that are there
// before, and of an answer only its status and its length are looked at.
import { once } from 'node:events';
import { connect } from 'node:net';
import { closedLoops, producers } from '../logs/load.mjs';

// Servers run for days: what their first seconds cost, while the engine still compiles them, is another question.
const warmMs = 6000;
const body = 'x'.repeat(200);
const requestOf = (method, stream, content) =>
  Buffer.from(
    `${method} /v1/stream/bench-${stream} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/plain\r\n` +
      `content-length: ${content.length}\r\n\r\n${content}`,
  );

class Writer {
  #socket;
  #request;
  #text = '';
  #answered;

  async open(port, stream) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (text) => this.#take(text));
    await once(this.#socket, 'connect');
    this.#request = requestOf('POST', stream, body);
    await this.#send(requestOf('PUT', stream, ''));
  }

  append() {
    return this.#send(this.#request);
  }

  #send(request) {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #take(text) {
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const answer = this.#text;
    this.#text = '';
    if (answer.startsWith('HTTP/1.1 2')) this.#answered.resolve();
    else this.#answered.reject(new Error(answer));
  }
}

const writers = Array.from({ length: producers }, () => new Writer());

export async function create(port) {
  await Promise.all(writers.map((writer, stream) => writer.open(port, stream)));
}

export async function append() {
  let all = 0;
  const figures = await closedLoops(async (producer) => {
    await writers[producer].append();
    all++;
  }, warmMs);
  return { ...figures, all };
}
