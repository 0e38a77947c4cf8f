import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NodeRequest } from '../../src/durable/node-request.js';
import { until } from '../servers/until.js';
import { SocketStage } from './socket-stage.js';

const stage = new SocketStage();

async function asked(text: string): Promise<{ asked: NodeRequest; message: IncomingMessage; socket: Socket }> {
  const { request: message, response, socket } = await stage.ask(text);
  return { asked: new NodeRequest(message, response, '/v1/stream/'), message, socket };
}

const head = (host: string, ...lines: string[]): string =>
  [`POST /v1/stream/a?b HTTP/1.1`, `host: ${host}`, ...lines, '', ''].join('\r\n');
const everything = (): boolean => true;

describe('NodeRequest', () => {
  it('says what is asked, and where', async () => {
    const { asked: request } = await asked(head('here.test:80', 'x-name: value', 'set-cookie: a', 'set-cookie: b'));
    expect([request.method, request.target, request.origin, request.path]).toEqual([
      'POST',
      '/v1/stream/a?b',
      'http://here.test:80',
      '/v1/stream/',
    ]);
    expect(['x-name', 'set-cookie', 'missing'].map((name) => request.header(name))).toEqual([
      'value',
      'a,b',
      undefined,
    ]);
  });

  it('goes by localhost where nobody says how it is called', async () => {
    const { asked: request } = await asked(head(''));
    expect(request.origin).toBe('http://localhost');
  });

  it('is ready a moment later where a small body comes with the headers, and then hands it over at once', async () => {
    const { asked: request } = await asked(`${head('a', 'content-length: 6')}abcdef`);
    await new Promise<void>((resolve) => request.deferSmall(resolve));
    expect(new TextDecoder().decode(request.body(everything) as Uint8Array)).toBe('abcdef');
  });

  it('hands over an empty one', async () => {
    const { asked: request } = await asked(head('a', 'content-length: 0'));
    expect(request.body(everything)).toHaveLength(0);
  });

  it('hands over none that is not admitted', async () => {
    const { asked: request } = await asked(`${head('a', 'content-length: 6')}abcdef`);
    expect(await request.body((length) => length < 6)).toBeUndefined();
  });

  it.each([['content-length: 8193'], ['transfer-encoding: chunked']])('waits for no body of %s', async (line) => {
    const { asked: request } = await asked(head('a', line));
    let ready = false;
    request.deferSmall(() => (ready = true));
    expect(ready).toBe(true);
  });

  it('reads another body when it is asked for, also a small one that comes in parts', async () => {
    const { asked: request, socket } = await asked(`${head('a', 'content-length: 6')}abc`);
    const body = request.body(everything);
    socket.write('def');
    expect(new TextDecoder().decode(await body)).toBe('abcdef');
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
