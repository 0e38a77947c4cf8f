import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeSink } from '../../src/durable/node-sink.js';
import { SharedBytes } from '../../src/durable/shared-bytes.js';
import { until } from '../servers/until.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Answer {
  readonly response: ServerResponse;
  readonly sink: NodeSink;
  /** How often the sink was drained. */
  readonly drained: () => number;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

function answerOf(response: ServerResponse): Answer {
  let drained = 0;
  // Who writes too late is told by the response, and nobody else is.
  response.on('error', () => {});
  const sink = new NodeSink(response, () => drained++);
  return { response, sink, drained: () => drained };
}

/** A server whose answers the test writes. */
async function stage(before: (response: ServerResponse) => void = () => {}) {
  const answers: Answer[] = [];
  const http = createServer((_, response) => {
    before(response);
    response.writeHead(200, { 'content-type': 'text/plain' });
    answers.push(answerOf(response));
  });
  const port = await listen(http);
  closing.push(() => http.closeAllConnections());
  const answer = async (index = 0): Promise<Answer> => {
    await until('it is asked', () => answers.length > index);
    return answers[index]!;
  };
  /** Sends text as it is, and keeps what comes back. */
  const raw = async (text: string) => {
    const socket = connect(port, '127.0.0.1');
    closing.push(() => socket.destroy());
    const got = { text: '', socket, over: false };
    socket.setEncoding('latin1').on('data', (part: string) => (got.text += part));
    socket.on('close', () => (got.over = true)).on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    return got;
  };
  return { port, answer, answers, raw };
}

const shared = (text: string): SharedBytes => new SharedBytes(text);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ask = (version = '1.1', ...lines: string[]): string =>
  [`GET / HTTP/${version}`, 'host: here.test', ...lines, '', ''].join('\r\n');

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  return text;
}

describe('NodeSink', () => {
  it('writes what is shared and what is not in the order it was told to', async () => {
    const { port, answer } = await stage();
    const asked = new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve));
    const { sink } = await answer();
    for (let n = 0; n < 50; n++) {
      expect(n % 3 === 0 ? sink.write(bytes(`<${n}>`)) : sink.share(shared(`<${n}>`))).toBe(true);
      if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    sink.end();
    expect(await read(await asked)).toBe(Array.from({ length: 50 }, (_, n) => `<${n}>`).join(''));
  });

  it('leaves a connection that is kept alive in order for the next answer', async () => {
    const { port, answer } = await stage();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closing.push(() => agent.destroy());
    const sockets = new Set<Socket>();
    for (let n = 0; n < 3; n++) {
      const asked = new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1', agent }, resolve));
      const { sink } = await answer(n);
      const response = await asked;
      sockets.add(response.socket);
      sink.share(shared(`answer ${n}`));
      sink.end();
      sink.share(shared('too late'));
      expect(await read(response)).toBe(`answer ${n}`);
    }
    expect(sockets.size).toBe(1);
  });

  it('waits behind the answer before it, of one who asks twice at once', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask() + ask('1.1', 'connection: close'));
    const [first, second] = [await answer(0), await answer(1)];
    second.sink.share(shared('second'));
    first.sink.share(shared('first'));
    await until('the first comes', () => got.text.includes('first'));
    expect(got.text).not.toContain('second');
    first.sink.end();
    await until('the second comes', () => got.text.includes('6\r\nsecond\r\n'));
    second.sink.share(shared('!'));
    second.sink.end();
    await until('that was all', () => got.over);
    expect(got.text.endsWith('6\r\nsecond\r\n1\r\n!\r\n0\r\n\r\n')).toBe(true);
  });

  it('ends a connection that is not to be kept', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask('1.1', 'connection: close'));
    const { sink } = await answer();
    sink.share(shared('all'));
    sink.end();
    await until('it is over', () => got.over);
    expect(got.text.endsWith('\r\n\r\n3\r\nall\r\n0\r\n\r\n')).toBe(true);
  });

  it('frames nothing for HTTP/1.0', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask('1.0'));
    const { sink } = await answer();
    sink.share(shared('plain'));
    sink.share(shared(' text'));
    sink.end();
    await until('it is over', () => got.over);
    expect(got.text.endsWith('\r\n\r\nplain text')).toBe(true);
  });

  it('frames nothing for HTTP/2', async () => {
    const http2 = createHttp2Server((_, response) => {
      response.writeHead(200);
      const { sink } = answerOf(response as unknown as ServerResponse);
      sink.share(shared('plain'));
      sink.write(bytes(' text'));
      sink.end();
    });
    const port = await listen(http2);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    let text = '';
    const stream = client.request({ ':path': '/' }).setEncoding('utf8');
    for await (const part of stream) text += part as string;
    client.close();
    expect(text).toBe('plain text');
  });

  it('goes through who stands before the response, to compress say', async () => {
    const { raw, answer } = await stage((response) => {
      const write = response.write.bind(response);
      response.write = ((part: Uint8Array) => write(Buffer.from(part).toString('hex'))) as typeof response.write;
    });
    const got = await raw(ask('1.1', 'connection: close'));
    const { sink } = await answer();
    sink.share(shared('hi'));
    sink.end();
    await until('it is over', () => got.over);
    expect(got.text).toContain('\r\n6869\r\n');
  });

  it('says when a slow reader is to get no more, and when again', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask());
    const { sink, drained, response } = await answer();
    got.socket.pause();
    const part = shared('x'.repeat(100_000));
    let written = 0;
    while (sink.share(part)) written++;
    written++;
    expect(sink.share(part), 'still').toBe(false);
    written++;
    expect(response.writableLength, 'the parts are shared, and few wait').toBeLessThan(3 * 100_100);
    expect(drained()).toBe(0);
    got.socket.resume();
    await until('it takes more', () => drained() > 0);
    expect(drained()).toBe(1);
    expect(sink.share(part), 'a large part that the socket takes at once is not too much').toBe(true);
    sink.end();
    await until('it is whole', () => got.text.endsWith('0\r\n\r\n'));
    expect(got.text.match(/x{100000}/g)).toHaveLength(written + 1);
    expect(response.socket, 'nothing of ours stays at a socket that others use').toBe(null);
  });

  it('is told nothing of a connection that it has left', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask());
    const { sink, drained, response } = await answer();
    const socket = response.socket!;
    const listeners = socket.listenerCount('drain');
    got.socket.pause();
    const part = shared('x'.repeat(100_000));
    while (sink.share(part));
    expect(socket.listenerCount('drain')).toBe(listeners + 1);
    got.socket.destroy();
    await until('it has gone', () => response.destroyed);
    expect([sink.share(part), drained()]).toEqual([false, 0]);
    expect(socket.listenerCount('drain')).toBeLessThanOrEqual(listeners);
  });

  it('breaks off', async () => {
    const { raw, answer } = await stage();
    const got = await raw(ask());
    const { sink } = await answer();
    sink.share(shared('half'));
    await until('it comes', () => got.text.includes('half'));
    sink.abort();
    await until('it is over', () => got.over);
    expect(got.text.endsWith('4\r\nhalf\r\n')).toBe(true);
  });
});
