import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { serve, type Server } from '../../src/node/serve.js';
import { gone } from '../servers/gone.js';

let server: Server | undefined;
afterEach(() => server?.close());

/** Sends a piece of a request now and again, and answers with what the server says before it hangs up. */
async function drip(start: string, piece: string): Promise<string> {
  const socket = connect(server!.port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
  await once(socket, 'connect');
  socket.write(start);
  const timer = setInterval(() => socket.write(piece), 20);
  await gone(socket);
  clearInterval(timer);
  return answer;
}

describe('who sends a request byte by byte', () => {
  it('does not keep a connection for long with headers', async () => {
    server = await serve({ port: 0, headersTimeoutMs: 200 });
    expect(await drip('GET /v1/stream/a HTTP/1.1\r\nhost: x\r\n', 'a: b\r\n')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('nor with a body, of which nothing is kept', async () => {
    server = await serve({ port: 0, requestTimeoutMs: 200 });
    await server.streams.create('a', { contentType: 'text/plain' });
    const head = 'POST /v1/stream/a HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 100000\r\n\r\n';
    await drip(head, 'x');
    expect(await server.streams.info('a')).toMatchObject({ next: 0 });
  });

  it('is told in numbers that make sense', async () => {
    await expect(serve({ port: 0, headersTimeoutMs: 0 })).rejects.toThrow('headersTimeoutMs');
    await expect(serve({ port: 0, requestTimeoutMs: NaN })).rejects.toThrow('requestTimeoutMs');
  });
});
