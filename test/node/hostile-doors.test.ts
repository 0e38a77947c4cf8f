import { once } from 'node:events';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { rateLimits } from 'sluice/auth/rate-limits';
import type { Server } from 'sluice/node';
import { describe, expect, it, vi } from 'vitest';
import { cutLink } from '../servers/cut-link.js';
import { closedAs, hungUpOn, overHttp2, refusalsFor, shownBy, socketOf, wireOf } from './enemies.js';
import { check, overSocket, type Row, waited } from './hostile-row.js';
import { frameOf, speakHttp2, takenBack } from './http2-frames.js';
import { as, raw, serveAsking } from './who-stage.js';

const rate = (amount: number) => ({ amount, perMs: 60_000 });
const post = async ({ url }: Server, path: string, body: BodyInit, headers: Record<string, string> = {}) => {
  const json = { 'content-type': 'application/json', ...as('ann') };
  const response = await fetch(url + path, { method: 'POST', body, headers: { ...json, ...headers } });
  return `${response.status} ${await response.text()}`;
};
const publish = '/sluice.v1.StreamService/Publish';
const publishAll = '/sluice.v1.StreamService/PublishAll';
const bomb = gzipSync(Buffer.alloc(20 << 20, ' '));

/** A message of a call that streams, and says that it is compressed, or with 0 that it is not. */
function enveloped(message: Uint8Array, flags = 1): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(message.length, 1);
  return new Uint8Array(Buffer.concat([head, message]));
}

/** A frame of WebSocket, masked with zeros. */
const wsFrame = (first: number, payload = '') =>
  Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload)]);
const many = (count: number, bytes: Uint8Array) => Buffer.concat(Array.from({ length: count }, () => bytes));

const floods = async (server: Server, frames: Uint8Array): Promise<string> => {
  const client = await speakHttp2(server);
  client.write(frames);
  await client.closed;
  return `goaway ${client.goaways().join()}`;
};

const asking = (key: 'ann' | 'bob') => `Authorization: ${as(key).authorization}`;
const json = 'Content-Type: application/json';

const rows: readonly Row[] = [
  {
    what: 'a flood of frames: WebSocket',
    options: { quotas: rateLimits({ frames: rate(50) }) },
    send: async (server) =>
      await overSocket(server, ({ socket }) => {
        for (let n = 0; n < 5000; n++) socket.send('{"t":"ping","grants":[]}');
      }),
    refused: /^4429 rate-limited$/,
    moved: { [refusalsFor('rate')]: 'some', [closedAs('limit-reached')]: 1 },
  },
  {
    what: 'a flood of frames that are none: WebSocket',
    send: async (server) => await overSocket(server, ({ socket }) => socket.send('{"t":"fly"}\n'.repeat(101).trim())),
    refused: /^4429 frame-unknown$/,
    moved: { [refusalsFor('frame')]: 101, [closedAs('limit-reached')]: 1 },
  },
  {
    what: 'a flood of pings: WebSocket',
    options: { quotas: rateLimits({ frames: rate(50) }) },
    send: async (server) =>
      await overSocket(server, async ({ socket, closed }) => {
        for (let n = 0; n < 20; n++) {
          wireOf(socket).write(many(5, wsFrame(0x89)));
          await Promise.race([once(socket, 'pong'), closed]);
        }
      }),
    refused: /^4429 rate-limited$/,
    moved: { [refusalsFor('rate')]: 'some', [closedAs('limit-reached')]: 1 },
  },
  {
    what: 'a flood of pings that nobody could answer: WebSocket',
    send: async (server) => await overSocket(server, ({ socket }) => wireOf(socket).write(many(5000, wsFrame(0x89)))),
    refused: /^1006$/,
    moved: { [closedAs('backlog')]: 1 },
  },
  {
    what: 'a flood of pings: HTTP/2',
    send: async (server) => await floods(server, many(20_000, frameOf('ping', 0, 0, Buffer.alloc(8)))),
    refused: /^goaway \d/,
    moved: { [refusalsFor('frame')]: 1 },
  },
  {
    what: 'a flood of settings: HTTP/2',
    send: async (server) => await floods(server, many(20_000, frameOf('settings', 0, 0, Buffer.alloc(0)))),
    refused: /^goaway \d/,
    moved: { [refusalsFor('frame')]: 1 },
  },
  {
    what: 'headers without an end: HTTP/2',
    send: async (server) =>
      await floods(
        server,
        Buffer.concat([
          frameOf('headers', 0, 1, Buffer.from([0x82])),
          many(20_000, frameOf('continuation', 0, 1, Buffer.from([0, 1, 0x61, 1, 0x62]))),
        ]),
      ),
    refused: /^goaway \d/,
    moved: { [refusalsFor('frame')]: 1 },
  },
  {
    what: 'a flood of requests taken back: HTTP/2',
    send: async (server) => await floods(server, takenBack(1, 900)),
    refused: /^goaway (?:2,)?11/,
    moved: { [refusalsFor('rate')]: 1 },
  },
  {
    what: 'a flood of subscriptions: WebSocket',
    options: { quotas: rateLimits({ subscriptions: 2 }) },
    send: async (server) => {
      for (let n = 0; n < 20; n++) await server.streams.create(`s${n}`, { metadata: { 'sluice.owner': 'ann' } });
      const { socket, said, open } = socketOf(server, { headers: as('ann') });
      await open;
      for (let n = 0; n < 20; n++) socket.send(`{"t":"subscribe","stream":"s${n}","from":0,"chunks":1,"bytes":1}`);
      await vi.waitFor(() => expect(said.join('\n').split('"t":"error"')).toHaveLength(19), waited);
      socket.terminate();
      return said.join('\n');
    },
    refused: /"code":"limit-reached"/,
    moved: { [refusalsFor('subscriptions')]: 18, 'sluice_requests_refused_total{error_type="limit-reached"}': 18 },
  },
  {
    what: 'a flood of subscriptions: SSE',
    options: { quotas: rateLimits({ connections: 2 }) },
    send: async (server) => {
      await server.streams.create('s', { metadata: { 'sluice.owner': 'ann' } });
      const leaving = new AbortController();
      const statuses: number[] = [];
      for (let n = 0; n < 5; n++) {
        const { status } = await fetch(`${server.url}/streams/s`, { headers: as('ann'), signal: leaving.signal });
        statuses.push(status);
      }
      leaving.abort();
      return statuses.join(' ');
    },
    refused: /^200 200 429 429 429$/,
    moved: { [refusalsFor('connections')]: 3, 'sluice_connections_refused_total{reason="limit-reached"}': 3 },
  },
  ...['/streams', '/v1/stream/json', '/v1/runs', '/openapi.json?'].map((path): Row => ({
    what: `a flood of requests: ${path}`,
    options: { quotas: rateLimits({ requests: rate(20) }) },
    send: async ({ url }) => {
      let refused = '';
      for (let n = 0; n < 30; n++) {
        const response = await fetch(url + path, { headers: as('ann') });
        const text = await response.text();
        if (response.status === 429) refused = `429 ${text}`;
      }
      return refused;
    },
    refused: path.startsWith('/openapi') ? /^$/ : /^429 .*"code":"rate-limited"/,
    // What is for all is not counted.
    moved: path.startsWith('/openapi') ? {} : { [refusalsFor('rate')]: 10 },
  })),
  {
    what: 'a flood of requests whose answers nobody reads',
    send: async (server) => {
      const request = `GET /v1/stream/json HTTP/1.1\r\nHost: localhost\r\n${asking('ann')}\r\n\r\n`;
      return (await hungUpOn(server, request.repeat(500))).slice(0, 9);
    },
    refused: /^(?:HTTP\/1.1 )?$/,
    moved: { [refusalsFor('rate')]: 1 },
  },
  {
    what: "a webhook's worker with a token of his own",
    send: async (server) =>
      await post(server, '/v1/stream/__ds/subscriptions/one/ack', '{}', { authorization: 'Bearer a.1.b' }),
    refused: /^401 .*"TOKEN_INVALID"/,
    moved: { [refusalsFor('unauthenticated')]: 1 },
  },
  {
    what: 'a bomb of a message: WebSocket',
    send: async (server) =>
      await overSocket(server, ({ socket }) => socket.send(' '.repeat(20 << 20)), {
        perMessageDeflate: { threshold: 0 },
      }),
    refused: /^1009/,
    moved: { [refusalsFor('frame')]: 1, [closedAs('frame-too-large')]: 1 },
  },
  ...['/v1/stream/json', '/v1/runs', publish].map((path): Row => ({
    what: `a bomb of a body: ${path}`,
    send: async (server) => await post(server, path, bomb, { 'content-encoding': 'gzip' }),
    refused: /^415 /,
    moved: { [refusalsFor('body')]: 1 },
  })),
  {
    what: 'a bomb of a message: gRPC and Connect',
    send: async (server) =>
      await post(server, publishAll, enveloped(bomb), {
        'content-type': 'application/connect+json',
        'connect-content-encoding': 'gzip',
      }),
    refused: /"resource_exhausted"/,
    moved: { [refusalsFor('request')]: 1 },
  },
  {
    what: 'a message that is too large, or none: gRPC and Connect',
    send: async (server) =>
      `${await post(server, publish, `{"stream":"${'x'.repeat(2 << 20)}"}`)} ${await post(server, publish, '{')}`,
    refused: /^429 .*resource_exhausted.* 400 .*invalid_argument/,
    moved: { [refusalsFor('request')]: 2 },
  },
  {
    what: 'a message in pieces that never ends: WebSocket',
    send: async (server) =>
      await overSocket(server, ({ socket }) => {
        wireOf(socket).write(wsFrame(0x01));
        for (let n = 0; n < 40; n++) wireOf(socket).write(many(1000, wsFrame(0x00, ' ')));
      }),
    refused: /^1008/,
    moved: { [refusalsFor('frame')]: 1, [closedAs('frame-too-large')]: 1 },
  },
  ...(
    [
      ['of no kind', [0x83, 0x80, 0, 0, 0, 0], 1002, 'frame-malformed'],
      ['without a mask', [0x81, 0x01, 0x41], 1002, 'frame-malformed'],
      ['with bits nobody agreed on', [0xf1, 0x80, 0, 0, 0, 0], 1002, 'frame-malformed'],
      ['of four gigabytes', [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009, 'frame-too-large'],
      ['of no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007, 'invalid-utf8'],
    ] as const
  ).map(([kind, bytes, code, name]): Row => ({
    what: `a frame ${kind}: WebSocket`,
    send: async (server) => await overSocket(server, ({ socket }) => wireOf(socket).write(Buffer.from(bytes))),
    refused: new RegExp(`^${code}`),
    moved: { [refusalsFor('frame')]: 1, [closedAs(name)]: 1 },
  })),
  {
    what: 'a WebSocket of another protocol',
    send: async (server) => `${await socketOf(server, { headers: as('ann') }, 'other').closed}`,
    refused: /^4406$/,
    moved: { [refusalsFor('request')]: 1 },
  },
  {
    what: 'a handshake that is none',
    send: async (server) =>
      await hungUpOn(
        server,
        'GET / HTTP/1.1',
        'Host: localhost',
        asking('ann'),
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 7',
        '',
        '',
      ),
    refused: /^HTTP\/1.1 400 /,
    moved: { [refusalsFor('request')]: 1 },
  },
  {
    what: 'a half-open socket: nothing at all',
    options: { headersTimeoutMs: 1000 },
    send: async (server) => await hungUpOn(server),
    refused: /^$/,
    moved: { [refusalsFor('slow')]: 1 },
  },
  {
    what: 'a half-open socket: half of the headers',
    options: { headersTimeoutMs: 1000 },
    send: async (server) => await hungUpOn(server, 'GET / HTTP/1.1', 'Host: localhost'),
    refused: /^HTTP\/1.1 408 /,
    moved: { [refusalsFor('slow')]: 1 },
  },
  {
    what: 'a half-open socket: half of a body',
    options: { requestTimeoutMs: 1000 },
    send: async (server) =>
      await hungUpOn(
        server,
        'POST /v1/stream/json HTTP/1.1',
        'Host: localhost',
        asking('ann'),
        json,
        'Content-Length: 9',
        '',
        '[',
      ),
    refused: /^HTTP\/1.1 408 /,
    moved: { [refusalsFor('slow')]: 1 },
  },
  {
    what: 'a half-open stream: half of a body over HTTP/2',
    options: { requestTimeoutMs: 1000 },
    send: async (server) =>
      `${await overHttp2(server, { ':path': '/v1/stream/json', ':method': 'POST', 'content-type': 'application/json', ...as('ann') }, '[')}`,
    refused: /^408$/,
    moved: { [refusalsFor('slow')]: 1 },
  },
  {
    what: 'a half-open socket: a WebSocket that never says who it is',
    options: { authMs: 100 },
    send: async (server) => await overSocket(server, () => {}, { headers: {} }),
    refused: /^4401 unauthenticated$/,
    moved: { [refusalsFor('unauthenticated')]: 1, [closedAs('unauthenticated')]: 1 },
  },
  ...(
    [
      ['two lengths', ['Content-Length: 1', 'Content-Length: 1', '', '1']],
      ['a length and chunks', ['Content-Length: 1', 'Transfer-Encoding: chunked', '', '0', '', '']],
      ['a header that goes on', ['X: y', ' z', 'Content-Length: 1', '', '1']],
      ['two hosts', ['Host: other', 'Content-Length: 1', '', '1']],
      ['two authorizations', [asking('bob'), 'Content-Length: 1', '', '1']],
      ['two sequences of a writer', ['Stream-Seq: 1', 'Stream-Seq: 2', 'Content-Length: 1', '', '1']],
    ] as const
  ).map(([kind, lines]): Row => ({
    what: `smuggled headers: ${kind}`,
    send: async (server) =>
      (
        await raw(
          server,
          'POST /v1/stream/json HTTP/1.1',
          'Host: localhost',
          asking('ann'),
          json,
          'Connection: close',
          ...lines,
        )
      )
        .match(/HTTP\/1.1 \d+/g)!
        .join(),
    refused: /^HTTP\/1.1 400$/,
    moved: { [refusalsFor('header')]: 1 },
  })),
  {
    what: 'smuggled headers: another host than that of HTTP/2',
    send: async (server) =>
      `${await overHttp2(server, { ':path': '/streams', ':authority': 'localhost', host: 'other', ...as('ann') })}`,
    refused: /^400$/,
    moved: { [refusalsFor('header')]: 1 },
  },
  ...['http://169.254.169.254/', 'https://[::ffff:a00:1]/', 'https://167772161/', 'https://0xa.1/'].map((url): Row => ({
    what: `a webhook at ${url}`,
    send: async (server) => {
      const body = JSON.stringify({ type: 'webhook', streams: ['good'], webhook: { url } });
      const headers = { 'content-type': 'application/json', ...as('boss') };
      const at = `${server.url}/v1/stream/__ds/subscriptions/one`;
      const response = await fetch(at, { method: 'PUT', headers, body });
      return `${response.status} ${await response.text()}`;
    },
    refused: /^400 .*"WEBHOOK_URL_REJECTED"/,
    moved: { [refusalsFor('webhook')]: 1 },
  })),
  {
    what: 'lines forged by what is said over a WebSocket',
    send: async (server) => {
      const { socket, said, open } = socketOf(server, { headers: as('ann') });
      await open;
      const close = { status: 'failed', reason: 'x\n{"level":"error","message":"forged"}\u001b[2J' };
      socket.send(JSON.stringify({ t: 'publish', stream: 'json', producer: 'p', epoch: 0, seq: 0, chunks: [], close }));
      await vi.waitFor(() => expect(said.join()).toContain('"t":"ack"'), waited);
      socket.terminate();
      return '';
    },
    refused: /^$/,
    moved: { sluice_log_lines_cleaned_total: 1 },
  },
  {
    what: 'lines forged by a name',
    send: async (server) => await post(server, '/v1/stream/a%0d%0aset-cookie:%20x', '1'),
    refused: /^400 .*"code":"name-invalid"/,
    moved: { [refusalsFor('request')]: 1 },
  },
];

describe('every door of a server among enemies', () => {
  it.each(rows)('refuses $what', async (row) => await check(row));

  it('ends a half-open socket: a WebSocket over which nothing comes', async () => {
    const server = await serveAsking({ limits: { pingMs: 200 } });
    expect(await overSocket(server, () => {})).toBe('4408');
    const shown = await shownBy(server, as('boss'));
    expect([shown.get(closedAs('idle-timeout')), shown.get('sluice_connections')]).toEqual([1, 0]);
  });

  it('ends a half-open socket: HTTP/2, over which nothing is to be sent either', async () => {
    const server = await serveAsking({ limits: { pingMs: 200 }, h2c: true, connect: true });
    await server.streams.create('quiet', { metadata: { 'sluice.owner': 'ann' } });
    const link = await cutLink(server.port);
    const session = connectHttp2(`http://127.0.0.1:${link.port}`);
    session.on('error', () => {});
    const ask = async (headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<void> => {
      const stream = session.request({ ...headers, ...as('ann') }, { endStream: body === undefined });
      stream.on('error', () => {}).end(body);
      await once(stream, 'response');
    };
    await ask({ ':path': '/streams/quiet' });
    await ask(
      { ':path': '/sluice.v1.StreamService/Read', ':method': 'POST', 'content-type': 'application/connect+json' },
      enveloped(Buffer.from('{"stream":"quiet"}'), 0),
    );
    await vi.waitFor(() => expect(server.gateway.load().subscriptions).toBe(2), waited);
    link.vanish();
    await vi.waitFor(() => expect(server.gateway.connections()).toEqual([]), waited);
    const shown = await shownBy(server, as('boss'));
    expect([shown.get(closedAs('idle-timeout')), shown.get('sluice_connections')]).toEqual([2, 0]);
    session.destroy();
    await link.dispose();
  });
});
