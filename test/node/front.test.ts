import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request as requestSecurely } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createFront, type Front, type FrontOptions } from '../../src/node/front.js';
import { makeCertificate } from '../certificate.js';
import { gone } from '../servers/gone.js';
import { until } from '../servers/until.js';

const certificate = makeCertificate();
const open: Front[] = [];

afterEach(async () => {
  for (const front of open.splice(0)) {
    const closed = front.close();
    front.abort();
    await closed;
  }
});

/** A server that tells the version of HTTP it was asked in, and the host; `/wait` it does not answer. */
async function start(options: Partial<FrontOptions> = {}) {
  const waiting: { end(text: string): void }[] = [];
  const front = createFront(
    (request, response) => {
      if (request.url === '/wait') waiting.push(response);
      else response.end(`${request.httpVersion} ${request.headers.host}`);
    },
    { headersTimeoutMs: 10_000, requestTimeoutMs: 60_000, ...options },
  );
  open.push(front);
  const port = await front.listen('127.0.0.1', 0);
  return { front, port, waiting };
}

async function askHttp2(url: string, path = '/'): Promise<string> {
  const session = connectHttp2(url, { ca: certificate.cert });
  // Its requests say so as well.
  session.on('error', () => {});
  try {
    return await text(session.request({ ':path': path }));
  } finally {
    session.close();
  }
}

async function askSecurely(port: number): Promise<string> {
  const request = requestSecurely({ port, host: '127.0.0.1', ca: certificate.cert, agent: new Agent() }).end();
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  return await text(response);
}

describe('a front with TLS', () => {
  it('speaks HTTP/2 and HTTP/1.1 on one port, whichever is asked for', async () => {
    const { port, front } = await start({ tls: certificate });
    expect(front.secure).toBe(true);
    expect(await askHttp2(`https://127.0.0.1:${port}`)).toBe(`2.0 127.0.0.1:${port}`);
    expect(await askSecurely(port)).toBe(`1.1 127.0.0.1:${port}`);
  });

  it('leads WebSockets to what speaks HTTP/1.1', async () => {
    const { port, front } = await start({ tls: certificate });
    front.http.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Yes\r\n\r\n'));
    const socket = connectTls({ port, host: '127.0.0.1', ca: certificate.cert });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('ends without those who have greeted it, and ask for nothing', async () => {
    const { port, front } = await start({ tls: certificate });
    const options = { port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['http/1.1'] };
    const socket = connectTls(options);
    await once(socket, 'secureConnect');
    // It came before, so it is known to the server when this is answered.
    await askSecurely(port);
    const over = gone(socket.resume());
    await front.close();
    await over;
  });

  it('bears those who do not speak TLS', async () => {
    const { port } = await start({ tls: certificate });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await gone(socket);
    expect(await askSecurely(port)).toMatch(/^1\.1/);
  });
});

describe('a front without TLS', () => {
  it('speaks HTTP/1.1 alone unless HTTP/2 is asked for', async () => {
    const { port, front } = await start();
    expect(front.secure).toBe(false);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe(`1.1 127.0.0.1:${port}`);
    await expect(askHttp2(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('speaks both where HTTP/2 is wanted, and tells them apart by how they begin', async () => {
    const { port } = await start({ h2c: true });
    expect(await askHttp2(`http://127.0.0.1:${port}`)).toBe(`2.0 127.0.0.1:${port}`);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe(`1.1 127.0.0.1:${port}`);
    const body = 'x'.repeat(200_000);
    const posted = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body });
    expect(await posted.text()).toMatch(/^1\.1/);
  });

  it('hangs up on who says nothing, and on who does not come to the end of his headers', async () => {
    const { port } = await start({ h2c: true, headersTimeoutMs: 50 });
    const [silent, slow] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    slow.write('GET / HTTP/1.1\r\n');
    slow.resume();
    await Promise.all([gone(silent), gone(slow)]);
  });
});

const kinds: [string, Partial<FrontOptions>][] = [
  ['over HTTP/1.1', {}],
  ['over HTTP/2', { h2c: true }],
  ['over HTTP/2 with TLS', { tls: certificate }],
];

describe('closing a front', () => {
  it.each(kinds)('waits for what is under way, %s', async (_, options) => {
    const { front, port, waiting } = await start(options);
    const url = `${front.secure ? 'https' : 'http'}://127.0.0.1:${port}`;
    const answers =
      front.secure || options.h2c === true
        ? [askHttp2(url, '/wait')]
        : [fetch(`${url}/wait`, { headers: { connection: 'close' } }).then((response) => response.text())];
    await until('it was asked', () => waiting.length === 1);
    let closed = false;
    const closing = front.close().then(() => (closed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    waiting[0]!.end('answered');
    expect(await Promise.all(answers)).toEqual(['answered']);
    await closing;
  });

  it.each(kinds)('breaks what does not come to an end, %s', async (_, options) => {
    const { front, port, waiting } = await start(options);
    const url = `${front.secure ? 'https' : 'http'}://127.0.0.1:${port}`;
    const asked = front.secure || options.h2c === true ? askHttp2(url, '/wait') : fetch(`${url}/wait`);
    // A session of HTTP/2 that is broken before an answer may end without an error.
    const answer = asked.then(String, () => '');
    await until('it was asked', () => waiting.length === 1);
    const closed = front.close();
    front.abort();
    await closed;
    expect(await answer).toBe('');
  });

  it('rejects where it cannot listen', async () => {
    const { port } = await start();
    const second = createFront(() => {}, { headersTimeoutMs: 1000, requestTimeoutMs: 1000 });
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
