import { on, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { UnsecuredJWT } from 'jose';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { anyOf } from 'sluice/auth/any-of';
import { jwt } from 'sluice/auth/jwt';
import { rateLimits } from 'sluice/auth/rate-limits';
import { createChunk } from 'sluice/chunk';
import type { RefusalReason } from 'sluice/probe';
import type { Server } from 'sluice/node';
import { createTelemetry } from 'sluice/telemetry';
import { socketOf } from './enemies.js';
import { as, authenticate, keys, raw, serveAsking, serveOpen } from './who-stage.js';
import { gone } from '../servers/gone.js';

const handshake = (key: string) =>
  [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: sluice.v1',
    `Authorization: Bearer ${key}`,
    '',
    '',
  ].join('\r\n');

const counted = (server: Server, reason: RefusalReason) => server.refusals.read()[reason];
const rate = (amount: number) => ({ amount, perMs: 60_000 });

// Each ends in a refusal with a name, costs what is bounded, and is counted.
describe('a server among enemies', () => {
  it('takes no forged, expired or unsigned token, nor one for others', async () => {
    const tokens = jwt({ secret: 's'.repeat(32), algorithms: ['HS256'], issuer: 'me', audience: 'sluice' });
    const server = await serveAsking({ authenticate: anyOf(authenticate, tokens), authMs: 500 });
    const none = new UnsecuredJWT({ sub: 'boss', iss: 'me', aud: 'sluice', scope: 'admin' })
      .setExpirationTime('1h')
      .encode();
    const wrong = `${keys.boss.slice(0, -1)}${keys.boss.endsWith('A') ? 'B' : 'A'}`;
    for (const token of [none, wrong, 'a.b.c', 'x'.repeat(9000)]) {
      const response = await fetch(`${server.url}/streams`, { headers: { authorization: `Bearer ${token}` } });
      expect([response.status, await response.json()]).toEqual([
        401,
        expect.objectContaining({ code: 'unauthenticated' }),
      ]);
      const { socket, closed, said } = socketOf(server);
      socket.once('message', () => socket.send(JSON.stringify({ t: 'auth', token })));
      expect(await closed).toBe(4401);
      expect(said.join()).toContain('"t":"error"');
      socket.terminate();
    }
    expect(counted(server, 'unauthenticated')).toBeGreaterThanOrEqual(7);
  });

  it('looks at no more credentials of who guesses, and says when it will', async () => {
    const server = await serveAsking({ guesses: { amount: 5 } });
    const ask = async (key: string) => await fetch(`${server.url}/streams`, { headers: { 'x-api-key': key } });
    expect((await ask(keys.bob)).status).toBe(200);
    for (let n = 0; n < 5; n++) expect((await ask(`slk_guess${n}`)).status).toBe(401);
    const refused = await ask(keys.ann);
    expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining({ code: 'rate-limited' })]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const { closed, said, socket } = socketOf(server);
    socket.once('message', () => socket.send(JSON.stringify({ t: 'auth', token: keys.ann })));
    expect(await closed).toBe(4429);
    expect(said.join()).toMatch(/"code":"rate-limited".*"retryAfterMs":\d+/);
    expect((await ask(keys.bob)).status).toBe(200);
    expect([counted(server, 'unauthenticated'), counted(server, 'rate')]).toEqual([5, 2]);
  });

  it('looks at all of them where that is wanted', async () => {
    const server = await serveAsking({ guesses: false });
    for (let n = 0; n < 70; n++) {
      const response = await fetch(`${server.url}/streams`, { headers: { 'x-api-key': `slk_guess${n}` } });
      expect(response.status).toBe(401);
      await response.arrayBuffer();
    }
  });

  it('takes no more connections of one principal than there may be, though 10 000 come', async () => {
    const server = await serveAsking({
      quotas: rateLimits({ connections: 10, requests: rate(100_000) }),
      // Those that are taken say nothing, and have their places for as long as this lasts.
      limits: { pingMs: 1_000_000 },
    });
    const sockets: Socket[] = [];
    /** Says hello, and hangs up when it is turned away. */
    const come = async (): Promise<boolean> => {
      const socket = connect(server.port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {}).write(handshake(keys.ann));
      for await (const part of on(socket, 'data', { close: ['close'] })) {
        const said = String(part);
        if (said.includes('"t":"welcome"')) return true;
        if (said.includes('"code":"limit-reached"')) break;
      }
      socket.destroy();
      return false;
    };
    let taken = 0;
    for (let n = 0; n < 10_000; n += 250) {
      const came = await Promise.all(Array.from({ length: 250 }, come));
      taken += came.filter(Boolean).length;
    }
    expect([taken, counted(server, 'connections')]).toEqual([10, 9990]);
    expect(server.gateway.connections()).toHaveLength(10);
    const other = socketOf(server, { headers: as('bob') });
    await other.open;
    await expect.poll(() => server.gateway.connections().length).toBe(11);
    // Of who was turned away nothing is left.
    const open = async () => await new Promise((resolve) => server.http.getConnections((_, count) => resolve(count)));
    await expect.poll(open).toBe(11);
    for (const socket of sockets) socket.destroy();
    other.socket.terminate();
  }, 300_000);

  it('ends who floods it with frames, and answers no more of them', async () => {
    const server = await serveAsking({ quotas: rateLimits({ frames: rate(50) }) });
    const { socket, said, closed, open } = socketOf(server, { headers: as('ann') });
    await open;
    for (let i = 0; i < 5000; i++) socket.send('{"t":"ping","grants":[]}');
    expect(await closed).toBe(4429);
    expect(said.join()).toContain('"code":"rate-limited"');
    expect(said.join().split('"t":"pong"').length).toBeLessThan(5000);
    expect(counted(server, 'rate')).toBeGreaterThan(0);
  });

  it('ends who floods it with subscriptions, and keeps none of them', async () => {
    const server = await serveAsking({
      limits: { maxSubscriptions: 10 },
      quotas: rateLimits({ subscriptions: 5, frames: rate(100_000) }),
    });
    for (let i = 0; i < 20; i++) await server.streams.create(`s${i}`, { metadata: { 'sluice.owner': 'ann' } });
    const { socket, said, open } = socketOf(server, { headers: as('ann') });
    await open;
    for (let i = 0; i < 20; i++) socket.send(`{"t":"subscribe","stream":"s${i}","from":0,"chunks":1,"bytes":1}`);
    await expect.poll(() => said.join('\n').split('"t":"error"').length - 1).toBe(15);
    expect(server.gateway.connections()[0]?.reading).toHaveLength(5);
    expect(counted(server, 'subscriptions')).toBeGreaterThan(0);
    socket.terminate();
  });

  it('ends who sends what is no frame, too long, or too often wrong', async () => {
    const server = await serveOpen();
    for (const [message, code] of [
      ['nonsense', 4400],
      ['x'.repeat(70_000), 1009],
      ['{"t":"fly"}\n'.repeat(99).trim(), 0],
      ['{"t":"fly"}\n'.repeat(101).trim(), 4429],
    ] as const) {
      const { socket, closed, said, open } = socketOf(server);
      await open;
      socket.send(message);
      if (code === 0) await expect.poll(() => said.length).toBeGreaterThan(1);
      else expect(await closed).toBe(code);
      socket.terminate();
    }
    await expect.poll(() => counted(server, 'frame')).toBeGreaterThan(200);
  });

  it('inflates no message beyond what one may have', async () => {
    const server = await serveOpen({ perMessageDeflate: true });
    const { socket, closed, open } = socketOf(server, { perMessageDeflate: { threshold: 0 } });
    await open;
    expect(socket.extensions).toContain('permessage-deflate');
    socket.send(' '.repeat(50 << 20));
    expect(await closed).toBe(1009);
    await expect.poll(() => counted(server, 'frame')).toBe(1);
  });

  it('inflates no body at all', async () => {
    const server = await serveOpen();
    const bomb = gzipSync(Buffer.alloc(10 << 20));
    for (const [path, type] of [
      ['/v1/runs', 'application/json'],
      ['/v1/stream/a', 'text/plain'],
    ] as const) {
      const headers = { 'content-type': type, 'content-encoding': 'gzip' };
      expect((await fetch(server.url + path, { method: 'POST', body: bomb, headers })).status).toBe(415);
    }
    expect(counted(server, 'body')).toBe(2);
  });

  it('keeps no socket that begins and does not go on', async () => {
    const server = await serveOpen({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    expect(await raw(server, 'GET / HTTP/1.1', 'Host: localhost')).toContain('408 Request Timeout');
    expect(
      await raw(
        server,
        'POST /v1/runs HTTP/1.1',
        'Host: localhost',
        'Content-Type: application/json',
        'Content-Length: 9',
        '',
        '{',
      ),
    ).toContain('40');
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    await gone(silent.resume());
    expect(counted(server, 'slow')).toBeGreaterThanOrEqual(2);
  });

  it('keeps no socket of somebody it has turned away, though he does not hang up', async () => {
    const server = await serveAsking({ quotas: rateLimits({ connections: 1 }) });
    const first = socketOf(server, { headers: as('ann') });
    await first.open;
    const open = async () => await new Promise((resolve) => server.http.getConnections((_, count) => resolve(count)));
    // The one is refused before there is a WebSocket, the other behind it.
    for (const key of ['slk_wrong', keys.ann]) {
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {});
      socket.write(handshake(key));
      await once(socket, 'readable');
      // It reads nothing, says nothing, and stays.
      await expect.poll(open).toBe(1);
      socket.destroy();
    }
    expect([counted(server, 'unauthenticated'), counted(server, 'connections')]).toEqual([1, 1]);
    first.socket.terminate();
  });

  it('lets a reader over SSE go who takes nothing of what waits for him, and keeps one who only has nothing to take', async () => {
    const server = await serveOpen({ limits: { pingMs: 100 } });
    await server.streams.create('quiet');
    const large = 'x'.repeat(60_000);
    const chunks = Array.from({ length: 300 }, () => createChunk({ streamId: 'large', seq: 0, data: large }));
    await server.streams.publish('large', chunks);
    const leaving = new AbortController();
    const quiet = await fetch(`${server.url}/streams/quiet`, { signal: leaving.signal });
    expect(quiet.status).toBe(200);
    const ended: unknown[] = [];
    server.gateway.events.subscribe((event) => event.type === 'gateway.closed' && ended.push(event));
    const stuck = connect(server.port, '127.0.0.1');
    stuck.on('error', () => {}).pause();
    stuck.write('GET /streams/large HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: -1\r\n\r\n');
    await expect.poll(() => ended).toMatchObject([{ transport: 'sse', why: 'idle-timeout' }]);
    expect(server.gateway.connections()).toMatchObject([{ reading: [{ streamId: 'quiet' }] }]);
    leaving.abort();
    stuck.destroy();
  });

  it('closes a WebSocket that never says who it is', async () => {
    const server = await serveAsking({ authMs: 100 });
    const { closed, said } = socketOf(server);
    expect(await closed).toBe(4401);
    expect(said.join()).toContain('"code":"unauthenticated"');
    expect(counted(server, 'unauthenticated')).toBe(1);
  });

  it.each([
    [
      'a length and chunks',
      ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 4', 'Transfer-Encoding: chunked', '', '0', '', ''],
    ],
    ['two lengths', ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 4', 'Content-Length: 5', '', 'abcd']],
    [
      'the same length twice',
      ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 4', 'Content-Length: 4', '', 'abcd'],
    ],
    ['a length with a sign', ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: +4', '', 'abcd']],
    ['lines that end with LF', ['GET / HTTP/1.1\nHost: localhost\n\n']],
    ['a header that ends with LF', ['GET / HTTP/1.1', 'Host: localhost\nX: y', '', '']],
    ['a header that goes on in the next line', ['GET / HTTP/1.1', 'Host: localhost', 'X: y', ' z', '', '']],
    ['a space before a colon', ['POST / HTTP/1.1', 'Host: localhost', 'Transfer-Encoding : chunked', '', '0', '', '']],
    ['chunks that are none', ['POST / HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: xchunked', '', '0', '', '']],
    [
      'chunks, and then something else',
      ['POST / HTTP/1.1', 'Host: localhost', 'Transfer-Encoding: chunked, identity', '', '0', '', ''],
    ],
    ['a zero byte', ['GET / HTTP/1.1', 'Host: localhost', 'X: a\0b', '', '']],
    ['chunks in HTTP/1.0', ['POST / HTTP/1.0', 'Host: localhost', 'Transfer-Encoding: chunked', '', '0', '', '']],
    ['two hosts', ['GET / HTTP/1.1', 'Host: localhost', 'Host: other', 'Connection: close', '', '']],
    [
      'two authorizations',
      ['GET / HTTP/1.1', 'Host: localhost', 'Authorization: a', 'Authorization: b', 'Connection: close', '', ''],
    ],
  ])('does not guess what %s may mean', async (_, lines) => {
    const server = await serveOpen();
    const said = await raw(server, ...lines);
    expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(counted(server, 'header')).toBeGreaterThan(0);
  });

  it('does not answer a page that calls itself by our address', async () => {
    const server = await serveOpen();
    const asked = await raw(server, 'GET /streams HTTP/1.1', 'Host: evil.example.com', 'Connection: close', '', '');
    expect(asked).toContain('421 Misdirected Request');
    const { closed } = socketOf(server, { headers: { host: 'evil.example.com', origin: 'http://evil.example.com' } });
    expect(await closed).toBe(421);
    expect(counted(server, 'host')).toBe(2);
  });

  it('does nothing for a page of another host', async () => {
    const server = await serveOpen();
    const headers = { origin: 'https://evil.example.com', 'content-type': 'text/plain' };
    expect((await fetch(`${server.url}/v1/stream/a`, { method: 'PUT', headers })).status).toBe(403);
    expect((await fetch(`${server.url}/v1/runs`, { method: 'POST', headers, body: '{}' })).status).toBe(403);
    expect(await socketOf(server, { headers }).closed).toBe(403);
    expect(counted(server, 'origin')).toBe(3);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://167772161/',
    'https://0x0a000001/',
    'https://012.0.0.1/',
    'https://[fd00::1]/',
    'https://[64:ff9b::a00:1]/',
    'https://user:pass@example.com/',
    'ftp://example.com/',
  ])('calls no webhook at %s', async (url) => {
    const server = await serveOpen();
    const response = await fetch(`${server.url}/v1/stream/__ds/subscriptions/one`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'webhook', streams: ['a'], webhook: { url } }),
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: expect.objectContaining({ code: 'WEBHOOK_URL_REJECTED' }) as unknown },
    ]);
    expect(counted(server, 'webhook')).toBe(1);
  });

  it('calls no webhook of this machine where others can reach the server', async () => {
    const server = await serveAsking({ host: '0.0.0.0' });
    const response = await fetch(`http://127.0.0.1:${server.port}/v1/stream/__ds/subscriptions/one`, {
      method: 'PUT',
      headers: { ...as('boss'), 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'webhook', streams: ['a'], webhook: { url: 'http://localhost:1/' } }),
    });
    expect(response.status).toBe(400);
  });

  it('follows a webhook nowhere else', async () => {
    const asked: string[] = [];
    const hook = createHttpServer((request, response) => {
      asked.push(request.url!);
      response.writeHead(307, { location: '/secret' }).end();
    });
    await once(hook.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
    const server = await serveOpen();
    const at = (path: string) => `${server.url}/v1/stream/${path}`;
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ type: 'webhook', streams: ['a'], webhook: { url } });
    await fetch(at('a'), { method: 'PUT', headers: json });
    expect((await fetch(at('__ds/subscriptions/one'), { method: 'PUT', headers: json, body })).status).toBe(201);
    await fetch(at('a'), { method: 'POST', headers: json, body: '1' });
    await expect.poll(() => counted(server, 'webhook')).toBeGreaterThan(0);
    expect(new Set(asked)).toEqual(new Set(['/hook']));
    hook.closeAllConnections();
    hook.close();
  });

  it('writes what strangers say in one line each, and no token', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const telemetry = createTelemetry({
      logger: {
        info: (fields, message) => logger.info(fields, message),
        warn: (fields, message) => logger.warn(fields, message),
        error: (fields, message) => logger.error(fields, message),
      },
    });
    const server = await serveAsking({ telemetry });
    const { socket, open } = socketOf(server, { headers: as('ann') });
    await open;
    const reason = 'x\n{"level":"error","message":"forged"}\u001b[2J';
    const close = { status: 'failed', reason };
    socket.send(JSON.stringify({ t: 'publish', stream: 'a', producer: 'p', epoch: 0, seq: 0, chunks: [], close }));
    await expect.poll(() => lines.join()).toContain('stream failed');
    socket.close();
    await fetch(`${server.url}/streams?access=${'secret'.repeat(3)}`, { headers: as('ann') });
    for (const line of lines) {
      // eslint-disable-next-line no-control-regex -- what a terminal would obey is what we look for
      expect(line.trimEnd()).not.toMatch(/[\u0000-\u001f]/);
      expect(JSON.parse(line)).not.toMatchObject({ message: 'forged' });
    }
    expect(lines.join()).not.toContain(keys.ann);
    expect(lines.join()).not.toContain('secretsecret');
  });
});
