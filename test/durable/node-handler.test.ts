import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createDurableStreams, type DurableStreamsOptions } from '../../src/durable/durable-streams.js';
import { nodeHandler, type NodeHandlerOptions } from '../../src/durable/node-handler.js';
import { singleHeaders } from '../../src/durable/shell.js';
import { createMemoryLog } from '../../src/log/memory.js';
import { createStreams } from '../../src/streams/index.js';
import { gone } from '../servers/gone.js';
import { until } from '../servers/until.js';
import { encoded, watchersOf } from './lab.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function stage(options: Omit<DurableStreamsOptions, 'streams'> = {}, shell: NodeHandlerOptions = {}) {
  const log = createMemoryLog();
  const watching = watchersOf(log);
  const streams = createStreams({ log });
  const durable = createDurableStreams({ streams, ...options });
  const http = createServer(nodeHandler(durable, shell));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  closing.push(async () => {
    durable.dispose();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const url = (name: string) => `http://127.0.0.1:${port}/v1/stream/${name}`;
  const send = (method: string, name: string, body?: BodyInit, headers: Record<string, string> = {}) =>
    fetch(url(name), {
      method,
      headers: { 'content-type': 'text/plain', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  /** Sends bytes as they are, and answers with all that comes back until the server ends. */
  const raw = async (text: string, then?: (socket: Socket) => void): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
    await once(socket, 'connect');
    socket.write(text);
    then?.(socket);
    await gone(socket);
    return answer;
  };
  return { log, streams, http, port, url, send, raw, watching };
}

const head = (method: string, name: string, ...lines: string[]): string =>
  [`${method} /v1/stream/${name} HTTP/1.1`, 'host: here.test', 'connection: close', ...lines, '', ''].join('\r\n');

describe('nodeHandler', () => {
  it('answers with status, headers and body', async () => {
    const { send, url } = await stage();
    expect((await send('PUT', 'a', 'hello')).headers.get('location')).toBe(url('a'));
    const got = await send('GET', 'a');
    expect(await got.text()).toBe('hello');
    expect(got.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await send('HEAD', 'a')).headers.get('stream-next-offset')).toBe('0000000000000001');
    expect((await send('DELETE', 'a')).status).toBe(204);
    expect(await (await send('GET', 'a')).json()).toMatchObject({ code: 'stream-not-found' });
  });

  it('lets pages in that may come, and tells all what they may send', async () => {
    const { send } = await stage({}, { origins: ['https://good.test'] });
    await send('PUT', 'a', 'x');
    const good = await send('GET', 'a', undefined, { origin: 'https://good.test' });
    expect([good.status, good.headers.get('access-control-allow-origin')]).toEqual([200, 'https://good.test']);
    const bad = await send('GET', 'a', undefined, { origin: 'https://bad.test' });
    expect([bad.status, bad.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    const asked = await send('OPTIONS', 'a', undefined, { origin: 'https://bad.test' });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, null]);
  });

  it('keeps what one connection sends ahead in its order, however long each takes to arrive', async () => {
    const { send, raw, log } = await stage();
    await send('PUT', 'a');
    const line = 'POST /v1/stream/a HTTP/1.1\r\nhost: here.test\r\ncontent-type: text/plain\r\n';
    const whole = (body: string) => `${line}content-length: ${body.length}\r\n\r\n${body}`;
    const chunked = (body: string) =>
      `${line}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const large = 'L'.repeat(9000);
    const ahead = [chunked('1'), whole('2'), whole(large), whole('4'), chunked('5'), whole('6')];
    const answers = await raw(ahead.join('') + head('GET', 'a'));
    expect(answers.match(/^HTTP\/1.1 \d+/gm)).toEqual([...ahead.map(() => 'HTTP/1.1 204'), 'HTTP/1.1 200']);
    expect(answers.endsWith(`12${large}456`)).toBe(true);
    expect(log.info('a')!.next).toBe(6);
  });

  it('ends who sends too many ahead, and counts that', async () => {
    const counted: string[] = [];
    const { send, raw } = await stage({}, { refusals: { count: (reason) => void counted.push(reason) } });
    await send('PUT', 'a');
    const line = 'GET /v1/stream/a?offset=-1&live=long-poll HTTP/1.1\r\nhost: here.test\r\n\r\n';
    expect(await raw(line.repeat(500))).toBe('');
    expect(counted).toEqual(['rate']);
  });

  it('follows over SSE, and lets go of a reader that has gone', async () => {
    const { send, url, streams, watching } = await stage();
    await send('PUT', 'a', 'one');
    const leaving = new AbortController();
    const answer = await fetch(`${url('a')}?offset=-1&live=sse`, { signal: leaving.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    const see = async (text: string) => {
      while (!seen.includes(text)) {
        const { done, value = '' } = await reader.read();
        if (done) expect.fail(`it ended behind ${seen}`);
        seen += value;
      }
    };
    await see('data:one');
    await streams.append('a', [encoded('two')]);
    await see('data:two');
    leaving.abort();
    await until('nobody watches', () => watching() === 0);
  });

  it('shows more than is read at once, piece by piece', async () => {
    const { send, log } = await stage();
    await send('PUT', 'a');
    const word = 'x'.repeat(1000);
    log.append(
      'a',
      Array.from({ length: 5000 }, () => encoded(word)),
    );
    expect((await (await send('GET', 'a')).text()).length).toBe(5_000_000);
  });

  it('breaks an answer off that cannot be finished', async () => {
    const { send, log, port } = await stage();
    await send('PUT', 'a');
    log.append(
      'a',
      Array.from({ length: 60 }, () => encoded('x'.repeat(1_000_000))),
    );
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(head('GET', 'a'));
    await once(socket, 'readable');
    log.delete('a');
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answer = (answer + part).slice(-20)));
    await gone(socket);
    expect(answer.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('answers 413 without waiting for the rest of a body', async () => {
    const { send, raw, log } = await stage({ maxBodyBytes: 1000 });
    await send('PUT', 'a');
    expect(await raw(head('POST', 'a', 'content-type: text/plain', 'content-length: 100000000') + 'some')).toMatch(
      /^HTTP\/1.1 413 /,
    );
    const chunked = head('POST', 'a', 'content-type: text/plain', 'transfer-encoding: chunked');
    expect(await raw(`${chunked}fff\r\n${'x'.repeat(0xfff)}\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    expect((await send('POST', 'a', new Uint8Array(2_000_000))).status).toBe(413);
    expect(log.info('a')!.next).toBe(0);
  });

  it('keeps nothing of a body that is cut off', async () => {
    const { send, raw, log } = await stage();
    await send('PUT', 'a');
    for (const end of ['destroy', 'end'] as const) {
      await raw(
        head('POST', 'a', 'content-type: text/plain', 'content-length: 10') + 'half',
        (socket) => void socket[end](),
      );
    }
    expect((await send('POST', 'a', 'whole')).status).toBe(204);
    expect(log.info('a')!.next).toBe(1);
  });

  it.each([...singleHeaders].map((name) => `${name}: ${name === 'content-type' ? 'text/plain' : '1'}`))(
    'refuses "%s" said twice',
    async (line) => {
      const { send, raw, log } = await stage();
      await send('PUT', 'a');
      const answer = await raw(head('POST', 'a', line, line, 'content-length: 1') + 'x');
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(log.info('a')).toMatchObject({ next: 0, status: 'active' });
    },
  );

  it.each([
    ['GET /v1/stream/../a', 400],
    ['GET /v1/stream/%2e%2e/a', 400],
    ['GET /v1/stream/a%00', 400],
    ['GET /v1/stream//a', 400],
    ['GET /v1/stream/%252e%252e', 404],
    ['GET /v1/stream/a?offset=%0d%0aset-cookie:%20x', 400],
    [`GET /v1/stream/${'x'.repeat(4000)}`, 400],
    [`GET /v1/stream/${'x'.repeat(20_000)}`, 431],
    ['PUT /v1/stream/a%0d%0aset-cookie:%20x=y', 400],
  ])('answers "%s" with %i, and no header of theirs', async (line, status) => {
    const { raw } = await stage();
    const answer = await raw(`${line} HTTP/1.1\r\nhost: here.test\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).not.toContain('\r\nset-cookie');
  });

  it('breaks off what it cannot answer, and nothing else', async () => {
    const handle = async () => ({ status: 200, headers: { 'x-name': 'a\r\nb: c' } });
    const http = createServer(nodeHandler({ handle, dispose: () => {} }));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closing.push(() => new Promise((resolve) => http.close(resolve)));
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (part) => (answer += part.toString())).on('error', () => {});
    socket.write(head('GET', 'a'));
    await gone(socket);
    expect(answer).toBe('');
  });

  it.each(['evil"><x', 'a:99999', 'a/b?'])('takes nothing for %s, which is no host', async (host) => {
    const { raw, log } = await stage();
    const answer = await raw(`PUT /v1/stream/a HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"header-invalid"');
    expect(log.info('a')).toBeUndefined();
  });

  it('says where a stream is, also to who names no host', async () => {
    const { raw } = await stage();
    expect(await raw('PUT /v1/stream/a HTTP/1.0\r\n\r\n')).toContain('location: http://localhost/v1/stream/a\r\n');
  });

  it('ends what waits when who waits goes', async () => {
    const { send, url, watching } = await stage({ longPollTimeoutMs: 60_000 });
    await send('PUT', 'a');
    const leaving = new AbortController();
    const waiting = fetch(`${url('a')}?offset=-1&live=long-poll`, { signal: leaving.signal });
    await until('it waits', () => watching() === 1);
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await until('it waits no more', () => watching() === 0);
  });

  it.each(['a', 'a?offset=-1&live=sse'])('breaks %s off for who takes nothing for too long', async (target) => {
    const { send, log, port, http, watching } = await stage({}, { stallMs: 100 });
    await send('PUT', 'a');
    log.append(
      'a',
      Array.from({ length: 60 }, () => encoded('x'.repeat(1_000_000))),
    );
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(head('GET', target));
    await once(socket, 'data');
    socket.pause();
    const sockets = () => new Promise<number>((resolve) => http.getConnections((_, count) => resolve(count)));
    http.closeIdleConnections();
    await until('it is gone', async () => (await sockets()) === 0);
    await until('nobody watches for it', () => watching() === 0);
    socket.destroy();
  });
});
