import { SignJWT, UnsecuredJWT } from 'jose';
import { anyOf } from 'sluice/auth/any-of';
import { jwt } from 'sluice/auth/jwt';
import type { Server } from 'sluice/node';
import { describe, it } from 'vitest';
import { closedAs, overHttp2, refusalsFor, socketOf } from './enemies.js';
import { check, overSocket, type Row } from './hostile-row.js';
import { authenticate } from './who-stage.js';

const secret = new TextEncoder().encode('s'.repeat(32));
const tokens = jwt({ secret, algorithms: ['HS256'], issuer: 'me', audience: 'sluice' });
const claims = { sub: 'boss', iss: 'me', aud: 'sluice', scope: 'admin', exp: 4e9 };
const signed = async (payload: object, key = secret) =>
  await new SignJWT({ ...claims, ...payload }).setProtectedHeader({ alg: 'HS256' }).sign(key);
const options = { authenticate: anyOf(authenticate, tokens) };

const rows = (
  [
    ['expired', 'expired', async () => await signed({ exp: 1 })],
    ['forged', 'unauthenticated', async () => await signed({}, new TextEncoder().encode('x'.repeat(32)))],
    ['unsigned', 'unauthenticated', async () => new UnsecuredJWT(claims).encode()],
    ["another's", 'unauthenticated', async () => await signed({ aud: 'other' })],
  ] as const
).flatMap(([kind, code, token]): Row[] => {
  const moved = { [refusalsFor(code)]: 1 };
  const bearing = async () => ({ authorization: `Bearer ${await token()}` });
  const over =
    (path: string, method = 'GET') =>
    async ({ url }: Server) => {
      const response = await fetch(url + path, { method, headers: await bearing() });
      return `${response.status} ${await response.text()}`;
    };
  const refused = new RegExp(`^401 .*"code":"${code}"`);
  return [
    { what: `a token, ${kind}: SSE`, send: over('/streams/good'), refused, moved },
    { what: `a token, ${kind}: HTTP`, send: over('/v1/stream/good'), refused, moved },
    { what: `a token, ${kind}: runs`, send: over('/v1/runs', 'POST'), refused, moved },
    { what: `a token, ${kind}: gRPC and Connect`, send: over('/sluice.v1.StreamService/Read', 'POST'), refused, moved },
    {
      what: `a token, ${kind}: HTTP/2`,
      send: async (server) => `${await overHttp2(server, { ':path': '/v1/stream/good', ...(await bearing()) })}`,
      refused: /^401$/,
      moved,
    },
    {
      what: `a token, ${kind}: handshake of a WebSocket`,
      send: async (server) => `${await socketOf(server, { headers: await bearing() }).closed}`,
      refused: /^401$/,
      moved,
    },
    {
      what: `a token, ${kind}: frame over a WebSocket`,
      send: async (server) =>
        await overSocket(
          server,
          async ({ socket }) => socket.send(JSON.stringify({ t: 'auth', token: await token() })),
          {
            headers: {},
          },
        ),
      refused: new RegExp(`^(4401|4411) ${code}$`),
      moved: { ...moved, [closedAs(code)]: 1 },
    },
  ];
});

describe('tokens that are not accepted', () => {
  it.each(rows)('refuses $what', async (row) => await check({ options, ...row }));
});
