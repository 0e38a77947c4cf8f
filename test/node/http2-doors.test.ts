import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createChunk } from '../../src/chunk/index.js';
import { createClient } from '../../src/client/index.js';
import { serve, type Server } from '../../src/node/index.js';
import { createWebSocketTransport } from '../../src/transport/websocket/client.js';
import { encodedTexts } from '../bodies.js';
import { makeCertificate } from '../certificate.js';
import { until } from '../servers/until.js';

const { key, cert } = makeCertificate();
let server: Server;
let session: ClientHttp2Session;
const warnings: Error[] = [];
const hear = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  process.on('warning', hear);
  server = await serve({ port: 0, tls: { key, cert }, durable: { longPollTimeoutMs: 50 } });
  session = connect(server.url, { ca: cert });
});

afterAll(async () => {
  session.destroy();
  await server.close();
  process.off('warning', hear);
});

/** Node warns of headers that HTTP/2 has not: nobody said one. */
afterEach(() => expect(warnings).toEqual([]));

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(method: string, path: string, body?: string, headers: object = {}): Promise<Answer> {
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  const answered = once(stream, 'response') as Promise<[IncomingHttpHeaders & { ':status': number }]>;
  stream.end(body);
  const [said] = await answered;
  return { status: said[':status'], headers: said, body: await text(stream) };
}

const put = async (name: string, body = '') =>
  await ask('PUT', `/v1/stream/${name}`, body, { 'content-type': 'text/plain' });

/** Reads events as they come. */
function events(path: string): ClientHttp2Stream & { got: string; readonly ended: Promise<unknown> } {
  const request = session.request({ ':path': path });
  const stream = Object.assign(request, { got: '', ended: once(request, 'end') });
  stream.setEncoding('utf8').on('data', (part: string) => (stream.got += part));
  return stream;
}

const publish = async (streamId: string, ...texts: string[]) =>
  await server.streams.append(streamId, encodedTexts(...texts));

describe('a server over HTTP/2', () => {
  it('follows a hundred streams over one connection, each to its end', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `many/${i}`);
    for (const name of names) await server.streams.create(name);
    const streams = names.map((name) => events(`/streams/${name}`));
    await until('all have begun', () => streams.every(({ got }) => got.includes('retry:')));
    for (const [i, name] of names.entries()) await publish(name, `${i} `, 'thing');
    for (const name of names) await server.streams.close(name);
    await Promise.all(streams.map(({ ended }) => ended));
    for (const [i, { got }] of streams.entries()) {
      expect(got.match(/"data":"[^"]*"/g)).toEqual([`"data":"${i} "`, '"data":"thing"']);
      expect(got).toContain('event: end');
    }
  });

  it('holds one reader who takes nothing, and no other; what waits for him is a window', async () => {
    const size = 50_000;
    const count = 200;
    for (const name of ['slow', 'quick']) await server.streams.create(name);
    const slow = events('/streams/slow');
    await until('it has begun', () => slow.got.includes('retry:'));
    slow.pause();
    const quick = events('/streams/quick');
    const chunks = Array.from({ length: count }, (_, i) => `${i}:${'x'.repeat(size)}`);
    for (const name of ['slow', 'quick']) {
      for (const chunk of chunks) await publish(name, chunk);
      await server.streams.close(name);
    }
    await quick.ended;
    expect(quick.got.match(/"data":"\d+:/g)).toHaveLength(count);
    const [reading] = server.gateway.connections().flatMap(({ reading: all }) => all);
    expect(reading).toMatchObject({ streamId: 'slow' });
    // 256 KiB of ours, and as much as HTTP/2 has on its way: not the ten megabytes there are.
    expect(reading!.next * size).toBeLessThan(2_000_000);
    slow.resume();
    await slow.ended;
    expect(slow.got.match(/"data":"\d+:/g)).toHaveLength(count);
  });

  it('believes nobody who names two hosts', async () => {
    const { status } = await ask('GET', '/v1/stream/book', undefined, {
      ':authority': new URL(server.url).host,
      host: 'elsewhere.example.com',
    });
    expect(status).toBe(400);
  });

  it('speaks the Durable Streams protocol: create, append, read, long-poll, events, close, delete', async () => {
    const type = { 'content-type': 'text/plain' };
    expect(await put('book')).toMatchObject({ status: 201, headers: { location: `${server.url}/v1/stream/book` } });
    expect((await ask('POST', '/v1/stream/book', 'Call me', type)).status).toBe(204);
    const read = await ask('GET', '/v1/stream/book');
    expect(read).toMatchObject({ status: 200, body: 'Call me', headers: { 'stream-up-to-date': 'true' } });
    const offset = read.headers['stream-next-offset'] as string;
    expect((await ask('GET', `/v1/stream/book?offset=${offset}&live=long-poll`)).status).toBe(204);
    const poll = ask('GET', `/v1/stream/book?offset=${offset}&live=long-poll`);
    const live = events(`/v1/stream/book?offset=-1&live=sse`);
    await until('the events have begun', () => live.got.includes('Call me'));
    await ask('POST', '/v1/stream/book', ' Ishmael.', { ...type, 'stream-closed': 'true' });
    // It had time for one round of nothing at most.
    expect([200, 204]).toContain((await poll).status);
    await live.ended;
    expect(live.got).toContain('Ishmael.');
    expect(await ask('HEAD', '/v1/stream/book')).toMatchObject({ status: 200, headers: { 'stream-closed': 'true' } });
    expect((await ask('POST', '/v1/stream/book', 'more', type)).status).toBe(409);
    expect((await ask('DELETE', '/v1/stream/book')).status).toBe(204);
    expect((await ask('GET', '/v1/stream/book')).status).toBe(404);
  });

  it('lists, tells how it is, refuses foreign pages and unknown paths, and drops a body that nobody wants', async () => {
    expect((await ask('GET', '/streams')).status).toBe(200);
    expect((await ask('GET', '/')).headers['content-type']).toMatch('text/html');
    expect((await ask('GET', '/streams/many/0', undefined, { origin: server.url })).status).toBe(200);
    expect((await ask('GET', '/streams/many/0', undefined, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await ask('POST', '/nowhere', 'x'.repeat(100_000))).status).toBe(404);
    expect((await ask('POST', '/streams/many/0', 'x'.repeat(100_000))).status).toBe(405);
  });

  it('starts and shows runs', async () => {
    expect((await ask('GET', '/v1/runs')).status).toBe(200);
    expect((await ask('GET', '/v1/runs/nobody')).status).toBe(404);
  });

  it('leads WebSockets to HTTP/1.1 on the same port', async () => {
    class Trusting extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { ca: cert });
      }
    }
    const client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket: Trusting }) });
    await client.publish('socket', [createChunk({ streamId: 'socket', seq: 0, data: 'over WebSocket' })]);
    expect((await ask('GET', '/v1/stream/socket')).body).toBe('over WebSocket');
    client.close();
  });
});
