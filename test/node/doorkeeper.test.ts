import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Authenticate } from 'sluice/auth/auth';
import type { Quotas } from '../../src/auth/quotas.js';
import { StreamError } from 'sluice/chunk';
import { createRefusals } from 'sluice/probe';
import type { Door } from '../../src/node/door.js';
import { doorkeeper, type DoorkeeperOptions } from '../../src/node/doorkeeper.js';
import { principalOf } from '../../src/node/guard.js';
import { openDoors } from './doors.js';
import { raw } from './who-stage.js';

const authenticate: Authenticate = async ({ header }) => {
  const name = header('authorization')?.slice('Bearer '.length);
  if (name === undefined) return undefined;
  if (name === 'liar') throw new StreamError('unauthenticated', 'not accepted');
  if (name === 'late') throw new StreamError('expired', 'over');
  if (name === 'broken') throw new Error('secret');
  return await Promise.resolve(name === 'short' ? { id: name, expiresAt: Date.now() - 900 } : { id: name });
};

/** A door that says who comes, keeps some waiting, and is open to one path. */
const who: Door = {
  isOpen: ({ url }) => url === '/open',
  handle: (request, response) => {
    if (request.url === '/nowhere') return false;
    if (request.url === '/wait') response.writeHead(200).write('wait');
    else response.end(principalOf(request)?.id ?? 'nobody');
    return true;
  },
  upgrade: (request, socket) => {
    if (request.url === '/nowhere') return false;
    socket.write(`${principalOf(request)?.id}\n`);
    return true;
  },
};

async function open(options: DoorkeeperOptions = {}) {
  const refusals = createRefusals();
  const listening = await openDoors(doorkeeper([who], { refusals, ...options }));
  const ask = async (headers: Record<string, string> = {}, path = '/', method = 'GET') => {
    const response = await fetch(listening.url + path, { method, headers });
    return `${response.status} ${await response.text()}`;
  };
  return { ...listening, refusals, ask };
}

const as = (name: string) => ({ authorization: `Bearer ${name}` });
const handshake = (...headers: readonly string[]) =>
  ['GET / HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', ...headers, '', ''] as const;

describe('doorkeeper', () => {
  it('finds out who comes, and tells it the doors', async () => {
    const { ask } = await open({ authenticate });
    expect([await ask(as('ann')), await ask(), await ask({}, '/nowhere')]).toEqual([
      '200 ann',
      '200 nobody',
      expect.stringContaining('404'),
    ]);
  });

  it('leads on at once where nobody is asked', async () => {
    const { ask } = await open();
    expect([await ask(as('ann')), await ask({}, '/nowhere')]).toEqual(['200 nobody', expect.stringContaining('404')]);
  });

  it('turns away who shows what is not accepted, also before a WebSocket is made of it', async () => {
    const { ask, url, port, refusals } = await open({ authenticate });
    const response = await fetch(url, { headers: as('liar') });
    expect([response.status, response.headers.get('www-authenticate'), await response.json()]).toEqual([
      401,
      'Bearer',
      { code: 'unauthenticated', message: 'not accepted' },
    ]);
    expect(await ask(as('late'))).toContain('401 {"code":"expired"');
    expect(await ask(as('broken'))).toBe('500 {"code":"internal","message":"the request failed here"}');
    const refused = await raw({ port }, ...handshake('Authorization: Bearer liar'));
    expect(refused).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nconnection: close\r\nwww-authenticate: Bearer\r\n/);
    expect(refusals.read()).toMatchObject({ unauthenticated: 2, expired: 1 });
  });

  it('does not ask at a door that asks itself, nor browsers that ask what they may', async () => {
    const { ask } = await open({ authenticate });
    expect([await ask(as('liar'), '/open'), await ask(as('liar'), '/', 'OPTIONS')]).toEqual([
      '200 nobody',
      '200 nobody',
    ]);
  });

  it('leads WebSockets on with who brings them, and hangs up where there is no door', async () => {
    const { port } = await open({ authenticate });
    const socket = connect(port, '127.0.0.1');
    socket.write(handshake('Authorization: Bearer ann').join('\r\n'));
    expect(String((await once(socket, 'data'))[0])).toBe('ann\n');
    socket.destroy();
    expect(await raw({ port }, ...handshake().with(0, 'GET /nowhere HTTP/1.1'))).toBe('');
  });

  it('forgets who has gone before it was known who he is', async () => {
    const waiting: (() => void)[] = [];
    const slow: Authenticate = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { id: 'ann' };
    };
    const { port, url } = await open({ authenticate: slow });
    for (const [at, lines] of [handshake(), ['GET / HTTP/1.1', 'Host: localhost', '', '']].entries()) {
      const socket = connect(port, '127.0.0.1');
      socket.write(lines.join('\r\n'));
      await expect.poll(() => waiting.length).toBe(at + 1);
      socket.resetAndDestroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
      waiting[at]!();
    }
    const last = fetch(url);
    await expect.poll(() => waiting.length).toBe(3);
    waiting[2]!();
    expect(await (await last).text()).toBe('ann');
  });

  it('lets nobody stay longer than his credentials are good for', async () => {
    const { url } = await open({ authenticate });
    const response = await fetch(`${url}/wait`, { headers: as('short') });
    await expect(response.text()).rejects.toThrow();
  });

  it('counts requests by who sends them, or by where they come from', async () => {
    const spent: string[] = [];
    const quotas: Quotas = {
      hold: () => true,
      release: () => {},
      spend: async (key, what, amount) => {
        spent.push(`${key} ${what} ${amount}`);
        return await Promise.resolve(spent.length > 2 ? 2500 : undefined);
      },
    };
    const { url, ask, refusals } = await open({ authenticate, quotas });
    await ask(as('ann'));
    await ask();
    const response = await fetch(url, { headers: as('ann') });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3']);
    expect(await response.json()).toMatchObject({ code: 'rate-limited' });
    expect(spent).toEqual(['ann requests 1', 'address 127.0.0.1 requests 1', 'ann requests 1']);
    expect(refusals.read().rate).toBe(1);
  });

  it.each(['a:99999', 'a:x', 'a/b', 'a@localhost'])('takes no request for %s, which is no host', async (host) => {
    const { port, refusals } = await open();
    const answer = await raw({ port }, 'PUT / HTTP/1.1', `Host: ${host}`, 'Connection: close', '', '');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(
      '{"code":"frame-malformed","message":"host must be a name or an address, and perhaps a port"}',
    );
    expect(refusals.read().header).toBe(1);
  });

  it.each([
    ['localhost', 200],
    ['localhost:4437', 200],
    ['app.localhost', 200],
    ['127.0.0.1:80', 200],
    ['[::1]:80', 200],
    ['proxied.example.com', 200],
    ['evil.example.com', 421],
    ['127.0.0.1.evil.example.com', 421],
    ['localhost.evil.example.com', 421],
    ['evil.example.com:80', 421],
  ])('answers for %s with %d, where it may only go by some names', async (host, status) => {
    const { port, refusals } = await open({ hosts: ['proxied.example.com'] });
    const said = await raw({ port }, 'GET / HTTP/1.1', `Host: ${host}`, 'Connection: close', '', '');
    expect(said).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(refusals.read().host).toBe(status === 421 ? 1 : 0);
    const upgraded = raw({ port }, ...handshake().with(1, `Host: ${host}`).with(0, 'GET /nowhere HTTP/1.1'));
    expect((await upgraded).startsWith('HTTP/1.1 421')).toBe(status === 421);
  });

  it('goes by any name where it is told no names', async () => {
    const { port } = await open();
    expect(await raw({ port }, 'GET / HTTP/1.1', 'Host: evil', 'Connection: close', '', '')).toMatch(/200 OK/);
    const named = await open({ hosts: [] });
    expect(await raw(named, 'GET / HTTP/1.0', '', '')).toMatch(/200 OK/);
  });

  it.each([
    [
      ['POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked', '', '0', '', ''],
      'HTTP/1.0 has no transfer-encoding',
    ],
    [['GET / HTTP/1.1', 'Host: a', 'Host: b', 'Connection: close', '', ''], 'host may be said once'],
    [
      ['GET / HTTP/1.1', 'Host: a', 'Authorization: Bearer a', 'Authorization: Bearer b', 'Connection: close', '', ''],
      'authorization may be said once',
    ],
  ])('refuses %j', async (lines, message) => {
    const { port, refusals } = await open();
    const said = await raw({ port }, ...lines);
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(said).toContain(message);
    expect(refusals.read().header).toBe(1);
  });

  it.each(['cross-site', 'same-site'])('refuses to change something for a page elsewhere (%s)', async (site) => {
    const { ask, refusals } = await open();
    const headers = { 'sec-fetch-site': site };
    expect(await ask(headers, '/', 'POST')).toContain('403 {"code":"connection-refused"');
    expect([await ask(headers), await ask({ 'sec-fetch-site': 'same-origin' }, '/', 'POST')]).toEqual([
      '200 nobody',
      '200 nobody',
    ]);
    expect(refusals.read().origin).toBe(1);
  });

  it('counts pages of other hosts, which the doors refuse', async () => {
    const { ask, refusals } = await open({ origins: ['https://example.com'] });
    await ask({ origin: 'https://example.com' });
    await ask({ origin: 'https://evil.example.com' });
    expect(refusals.read().origin).toBe(1);
  });

  it('takes no compressed body', async () => {
    const { ask, refusals } = await open();
    expect(await ask({ 'content-encoding': 'gzip' }, '/', 'POST')).toContain('415');
    expect(await ask({ 'content-encoding': 'identity' }, '/', 'POST')).toBe('200 nobody');
    expect(refusals.read().body).toBe(1);
  });

  it('hands on that it is over', () => {
    const told: string[] = [];
    const door = {
      handle: () => false,
      dispose: () => void told.push('dispose'),
      abort: () => void told.push('abort'),
    };
    const keeper = doorkeeper([door, who], {});
    keeper.dispose!();
    keeper.abort!();
    expect(told).toEqual(['dispose', 'abort']);
  });
});
