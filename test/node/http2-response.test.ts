import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../src/node/listen.js';
import { until } from '../servers/until.js';

let listening: Listening;
let session: ClientHttp2Session;

afterEach(async () => {
  session.destroy();
  await listening.close();
});

/** Asks over HTTP/2, and is answered as a test says. */
async function ask(answer: (response: ServerResponse) => void): Promise<ClientHttp2Stream> {
  const door = { handle: (_: unknown, response: ServerResponse) => (answer(response), true) };
  listening = await listen([door], { host: '127.0.0.1', port: 0, h2c: true });
  session = connect(listening.url);
  return session.request({ ':path': '/' });
}

const headersOf = async (stream: ClientHttp2Stream) => (await once(stream, 'response'))[0] as Record<string, unknown>;

describe('Http2Response', () => {
  it('leaves out what HTTP/2 does not know, however it is said', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const stream = await ask((response) => {
      response.setHeader('Connection', 'close');
      response.setHeader('x-a', '1');
      response.writeHead(201, 'made', { 'Keep-Alive': 'timeout=5', 'transfer-encoding': 'chunked', 'x-b': '2' });
      response.end('body');
    });
    const headers = await headersOf(stream);
    expect(headers).toMatchObject({ ':status': 201, 'x-a': '1', 'x-b': '2' });
    expect(Object.keys(headers).filter((name) => /connection|keep-alive|transfer/.test(name))).toEqual([]);
    expect(await text(stream)).toBe('body');
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('takes headers as a list, as an answer over HTTP/1.1 does', async () => {
    const stream = await ask((response) => {
      response.writeHead(201, ['x-a', '1', 'Connection', 'close', 'x-b', '2']).end();
    });
    const headers = await headersOf(stream);
    expect(headers).toMatchObject({ ':status': 201, 'x-a': '1', 'x-b': '2' });
    expect(headers).not.toHaveProperty('connection');
  });

  it('breaks off so that nobody takes it for whole', async () => {
    let answer!: ServerResponse;
    const stream = await ask((response) => {
      answer = response;
      response.writeHead(200).write('half');
    });
    await once(stream, 'data');
    expect(answer.destroyed).toBe(false);
    const failed = once(stream, 'error');
    answer.destroy();
    await failed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(answer.destroyed).toBe(true);
  });

  it('knows when its reader does not take what was written, and when it does again', async () => {
    let answer!: ServerResponse;
    const stream = await ask((response) => {
      answer = response;
      response.writeHead(200).flushHeaders();
    });
    stream.pause();
    await headersOf(stream);
    expect(answer.writableNeedDrain).toBe(false);
    for (let i = 0; i < 64; i++) answer.write('x'.repeat(16_384));
    await until('it needs to drain', () => answer.writableNeedDrain);
    const drained = once(answer, 'drain');
    stream.resume();
    await drained;
    expect(answer.writableNeedDrain).toBe(false);
  });
});
