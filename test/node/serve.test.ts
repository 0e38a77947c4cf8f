import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { createChunk } from 'sluice/chunk';
import { createClient } from 'sluice/client';
import { type Server, serve, type ServeOptions } from 'sluice/node';
import { lastJson } from 'sluice/streams';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

const running: Server[] = [];

async function start(options: ServeOptions = {}): Promise<Server> {
  const server = await serve({ port: 0, ...options });
  running.push(server);
  return server;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

const chunk = (data: string) => createChunk({ streamId: 'any', seq: 0, data });

describe('serve', () => {
  it('serves the page, the list of streams and each stream on one port', async () => {
    const server = await start();
    await server.streams.publish('books/one', [chunk('hello')], { close: { status: 'completed' } });
    const page = await fetch(server.url);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<title>sluice</title>');
    expect(await (await fetch(`${server.url}/streams`)).json()).toEqual([
      expect.objectContaining({ streamId: 'books/one', status: 'completed', next: 1 }),
    ]);
    for (const path of ['streams', 'sse']) {
      expect(await (await fetch(`${server.url}/${path}/books/one`)).text()).toContain('"data":"hello"');
    }
  });

  it('serves WebSocket on the same port', async () => {
    const server = await start();
    const client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }) });
    expect(await client.publish('a', [chunk('x'), chunk('y')])).toEqual({ next: 2 });
    expect(server.gateway.connections()).toEqual([
      expect.objectContaining({ peer: expect.objectContaining({ transport: 'websocket' }) as unknown, reading: [] }),
    ]);
    client.close();
  });

  it.each([
    { perMessageDeflate: true, says: 'compresses messages' },
    { perMessageDeflate: { threshold: 100_000 }, says: 'leaves those alone that are shorter than is worth it' },
    { says: 'compresses nothing unless it is told to' },
  ])('$says, with perMessageDeflate = $perMessageDeflate', async ({ perMessageDeflate }) => {
    const server = await start(perMessageDeflate === undefined ? {} : { perMessageDeflate });
    let written = (): number => 0;
    server.http.once('connection', (socket: Socket) => (written = () => socket.bytesWritten));
    await server.streams.publish('a', [chunk('x'.repeat(50_000))], { close: { status: 'completed' } });
    const client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }) });
    for await (const { data } of client.read('a')) expect(data).toHaveLength(50_000);
    if (perMessageDeflate === true) expect(written()).toBeLessThan(5000);
    else expect(written()).toBeGreaterThan(50_000);
    client.close();
  });

  it('keeps streams within the limits it is given, and folds them as it is told', async () => {
    const { streams } = await start({ streamLimits: { maxChunks: 2 }, rollup: { fold: () => lastJson } });
    const json = (n: number) => createChunk({ streamId: 'any', seq: 0, data: { n } });
    await streams.publish('a', [json(1), json(2)]);
    await expect(streams.publish('a', [json(3)])).rejects.toMatchObject({ code: 'limit-reached' });
    await streams.close('a');
    const states: unknown[] = [];
    for await (const { data } of streams.read('a', { from: 'snapshot' })) states.push(data);
    expect(states).toEqual([{ n: 2 }]);
    await expect(serve({ port: 0, staleMs: 0 })).rejects.toThrow('staleMs must be');
  });

  it('answers other paths with 404, or as told', async () => {
    const plain = await start();
    const missing = await fetch(`${plain.url}/nothing`);
    expect({ status: missing.status, body: await missing.json() }).toEqual({
      status: 404,
      body: expect.objectContaining({ code: 'not-found' }) as unknown,
    });
    const own = await start({ fallback: (_, response) => response.end('mine') });
    expect(await (await fetch(`${own.url}/nothing`)).text()).toBe('mine');
  });

  it('answers a page request other than GET with 405', async () => {
    const { url } = await start();
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  });

  it.each([
    [{ host: '0.0.0.0' }, RangeError, 'reachable from elsewhere'],
    [{ host: '192.168.1.1' }, RangeError, 'reachable from elsewhere'],
    [{ host: '' }, TypeError, 'host must be a name or an address, got an empty string'],
    [{ port: 70_000 }, RangeError, 'port must be a whole number of at least 0 and at most 65535, got 70000'],
    [{ maxConnections: 0 }, RangeError, 'maxConnections must be'],
    [{ limits: { maxFrame: 10 } }, RangeError, 'maxFrame must be'],
  ])('refuses %j before it listens', async (options, kind, message) => {
    const attempt = serve({ port: 0, ...options });
    await expect(attempt).rejects.toBeInstanceOf(kind);
    await expect(attempt).rejects.toThrow(message);
  });

  it('listens elsewhere only when told so', async () => {
    const server = await start({ host: '0.0.0.0', allowPublic: true });
    expect((await fetch(`http://127.0.0.1:${server.port}/streams`)).status).toBe(200);
  });

  it('fails when the port is taken', async () => {
    const { port } = await start();
    await expect(serve({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('tells readers that it goes away, and lets the port go', async () => {
    const server = await start();
    await server.streams.create('quiet');
    const socket = new WebSocket(server.url, 'sluice.v1');
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.once('message', resolve));
    const events = await fetch(`${server.url}/streams/quiet`);
    await server.close();
    expect(await closed).toBe(1001);
    await events.text();
    const again = await serve({ port: server.port });
    await again.close();
  });

  it('closes although a reader does not take what it was sent', async () => {
    const server = await start();
    await server.streams.publish(
      'long',
      Array.from({ length: 64 }, () => chunk('x'.repeat(1 << 18))),
    );
    const socket = new WebSocket(server.url.replace('http', 'ws'), 'sluice.v1');
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(JSON.stringify({ t: 'subscribe', stream: 'long', from: 0, chunks: 64, bytes: 1 << 30 }));
    await new Promise((resolve) => socket.once('message', resolve));
    socket.pause();
    await server.close();
    expect(server.gateway.connections()).toEqual([]);
    socket.terminate();
  });
});
