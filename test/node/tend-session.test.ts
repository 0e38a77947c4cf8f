import { once } from 'node:events';
import { connect, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type RoomShare, Room } from '../../src/flow/room.js';
import { tendSession, type TendSessionOptions } from '../../src/node/tend-session.js';
import { type CutLink, cutLink } from '../servers/cut-link.js';
import { pause, until } from '../servers/until.js';

let http: Http2Server | undefined;
let link: CutLink | undefined;
const clients: { destroy(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await link?.dispose();
  http?.close();
});

/** A server that looks after its one session, a link to it, and a client. */
async function stage(options: Partial<TendSessionOptions>) {
  let refused = 0;
  const room = new Room(1);
  const shares: RoomShare[] = [];
  const streams: ServerHttp2Stream[] = [];
  const sessions: ServerHttp2Session[] = [];
  let socket!: Socket;
  http = createServer();
  http.prependListener('connection', (arrived: Socket) => (socket = arrived));
  http.on('session', (session) => {
    sessions.push(session);
    tendSession(session, socket, {
      room,
      keepAliveMs: 60_000,
      pingMs: 60_000,
      refused: () => refused++,
      ...options,
    });
  });
  http.on('stream', (stream) => {
    stream.on('error', () => {});
    const share = room.share(() => stream.close());
    stream.once('close', () => share.close());
    shares.push(share);
    streams.push(stream);
    stream.respond();
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  link = await cutLink((http.address() as AddressInfo).port);
  const client = connect(`http://127.0.0.1:${link.port}`);
  clients.push(client);
  client.on('error', () => {});
  let pings = 0;
  client.on('ping', () => pings++);
  const ask = async () => {
    const request = client.request();
    request.on('error', () => {});
    await once(request, 'response');
    return request;
  };
  return {
    room,
    shares,
    streams,
    client,
    ask,
    session: () => sessions[0]!,
    pings: () => pings,
    refused: () => refused,
  };
}

describe('tendSession', () => {
  it('asks who is silent whether he lives, and keeps who answers', async () => {
    const { ask, pings, session, room } = await stage({ pingMs: 40 });
    await ask();
    await until('it was asked for longer than one may be silent', () => pings() > 12);
    expect([session().destroyed, room.vanished]).toEqual([false, false]);
  });

  it('breaks the connection of who has vanished', async () => {
    const { ask, session, room } = await stage({ pingMs: 100 });
    await ask();
    const closed = once(session(), 'close');
    link!.vanish();
    await closed;
    expect(room.vanished).toBe(true);
    await until('nothing is under way', () => room.shares.size === 0);
  });

  it('breaks it also when so much waits that the question does not come through', async () => {
    const { client, session, room } = await stage({ pingMs: 100 });
    http!.on('stream', (stream) => void stream.write(Buffer.alloc(64 << 20)));
    await once(client, 'connect');
    client.settings({ initialWindowSize: 2 ** 31 - 1 });
    client.setLocalWindowSize(2 ** 31 - 1);
    await once(client, 'localSettings');
    client.request().on('error', () => {});
    await until('it was asked', () => room.shares.size === 1);
    const closed = once(session(), 'close');
    link!.vanish();
    await closed;
    expect(room.vanished).toBe(true);
  });

  it('keeps who has said goodbye, and cannot be asked any more, until he has what he asked for', async () => {
    const { ask, client, pings, session, streams } = await stage({ pingMs: 40 });
    const request = await ask();
    client.close();
    const before = pings();
    // For longer than one may be silent who can be asked.
    await pause(400);
    expect([session().closed, session().destroyed, pings()]).toEqual([true, false, before]);
    streams[0]!.end('at last');
    expect(await text(request)).toBe('at last');
    await once(client, 'close');
  });

  it('asks nobody who waits for nothing, and closes his connection after a while; not while something is under way', async () => {
    const { ask, client, session, pings } = await stage({ pingMs: 40, keepAliveMs: 300 });
    const request = await ask();
    await until('it was kept for longer than when idle', () => pings() > 20);
    expect(session().closed).toBe(false);
    request.close();
    await once(client, 'close');
    expect(session().closed).toBe(true);
  });

  it('ends an answer of which nothing is taken, and no other', async () => {
    const { ask, shares, refused } = await stage({ stallMs: 100 });
    const [stuck, quiet] = [await ask(), await ask()];
    shares[0]!.wrote(1);
    await once(stuck.resume(), 'close');
    expect([refused(), quiet.closed]).toEqual([1, false]);
  });
});
