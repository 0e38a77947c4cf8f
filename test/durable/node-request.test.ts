import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeRequest } from '../../src/durable/node-request.js';
import { until } from '../servers/until.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** What a server is asked with bytes that are sent as they are, and the socket they came from. */
async function asked(text: string): Promise<{ asked: NodeRequest; message: IncomingMessage; socket: Socket }> {
  const got: { message: IncomingMessage; response: ServerResponse }[] = [];
  const http = createServer((message, response) => void got.push({ message, response }));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => new Promise((resolve) => http.close(resolve)));
  closing.push(() => http.closeAllConnections());
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  closing.push(() => socket.destroy());
  socket.write(text);
  await until('it is asked', () => got.length > 0);
  const { message, response } = got[0]!;
  return { asked: new NodeRequest(message, response, '/v1/stream/'), message, socket };
}

const head = (host: string, ...lines: string[]): string =>
  [`POST /v1/stream/a?b HTTP/1.1`, `host: ${host}`, ...lines, '', ''].join('\r\n');
const everything = (): boolean => true;

describe('NodeRequest', () => {
  it('says what is asked, and where', async () => {
    const { asked: request } = await asked(head('here.test:80', 'x-name: value', 'set-cookie: a', 'set-cookie: b'));
    expect([request.method, request.target, request.root]).toEqual([
      'POST',
      '/v1/stream/a?b',
      'http://here.test:80/v1/stream/',
    ]);
    expect(['x-name', 'set-cookie', 'missing'].map((name) => request.header(name))).toEqual([
      'value',
      'a,b',
      undefined,
    ]);
  });

  it('goes by localhost where nobody says how it is called', async () => {
    const { asked: request } = await asked(head(''));
    expect(request.root).toBe('http://localhost/v1/stream/');
  });

  it('reads a body that comes in parts, and one that is empty', async () => {
    const { asked: request, socket } = await asked(`${head('a', 'content-length: 6')}abc`);
    const lengths: number[] = [];
    const body = request.body((length) => lengths.push(length) > 0);
    await until('a part has come', () => lengths.length === 1);
    socket.write('def');
    expect(new TextDecoder().decode(await body)).toBe('abcdef');
    expect(lengths).toEqual([3, 6]);
    const { asked: bare } = await asked(head('a', 'content-length: 0'));
    expect(await bare.body(everything)).toHaveLength(0);
  });

  it('reads no more of a body that is refused', async () => {
    const { asked: request, message } = await asked(`${head('a', 'content-length: 6')}abc`);
    expect(await request.body((length) => length < 3)).toBeUndefined();
    expect(message.isPaused()).toBe(true);
  });

  it('fails for a body that is cut off, also when that was before', async () => {
    const { asked: request, message, socket } = await asked(`${head('a', 'content-length: 6')}abc`);
    const body = request.body(everything);
    socket.destroy();
    await expect(body).rejects.toThrow();
    await until('it is gone', () => message.destroyed);
    await expect(request.body(everything)).rejects.toThrow('cut off');
  });

  it('has one signal, aborted when who asks has gone, also when that was before', async () => {
    const { asked: request, socket, message } = await asked(head('a'));
    const { signal } = request;
    expect([signal.aborted, request.signal === signal]).toEqual([false, true]);
    socket.destroy();
    await until('it is aborted', () => signal.aborted);
    const { asked: late, socket: gone, message: lost } = await asked(head('a'));
    gone.destroy();
    await until('it has gone', () => lost.destroyed && message.destroyed);
    await until('the answer is lost', () => late.signal.aborted);
  });
});
