import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Server, serve } from '../../src/node/index.js';
import { encodedText } from '../bodies.js';
import { endWithTests } from '../servers/server.js';
import { until } from '../servers/until.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function open({ port }: { readonly port: number }, window = 65_535): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: window } });
  session.on('error', () => {});
  ends.push(() => session.destroy());
  return session;
}

/** A message of a call that streams. */
function message(value: object): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

const call = { ':method': 'POST', 'content-type': 'application/connect+json' };
/** The ways to read a stream over one connection. */
const doors: Readonly<Record<string, (stream: string) => readonly [OutgoingHttpHeaders, Buffer?]>> = {
  'server-sent events': (stream) => [{ ':path': `/streams/${stream}` }],
  'calls of Connect': (stream) => [{ ...call, ':path': '/sluice.v1.StreamService/Read' }, message({ stream })],
  'Durable Streams, all at once': (stream) => [{ ':path': `/v1/stream/${stream}` }],
  'Durable Streams, live': (stream) => [{ ':path': `/v1/stream/${stream}?offset=-1&live=sse` }],
};

/** Reads a stream, but takes nothing of it until it is resumed. */
function read(
  session: ClientHttp2Session,
  [headers, body]: readonly [OutgoingHttpHeaders, Buffer?],
): ClientHttp2Stream {
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', () => {});
  return body === undefined ? stream : stream.end(body);
}

/** Twice what each may have, whatever the others have. */
const large = 1 << 17;

/** A server with streams of three large chunks each, that counts what is read of them. */
async function stage(count: number, options: { readonly highWaterMark?: number } = {}) {
  const server: Server = await serve({ port: 0, h2c: true, connect: true, http2: options });
  ends.push(() => server.close());
  const names = Array.from({ length: count }, (_, n) => `large-${n}`);
  for (const name of names) {
    await server.streams.create(name, { contentType: 'text/plain' });
    for (let n = 0; n < 3; n++) await server.streams.append(name, [encodedText(`${n}`.repeat(large))]);
    await server.streams.close(name);
  }
  /** Chunks that readers were given. */
  const given = (): number =>
    server.gateway
      .connections()
      .reduce((sum, { reading }) => sum + reading.reduce((all, { next }) => all + next, 0), 0);
  return { server, names, given };
}

describe('a connection of HTTP/2 whose end takes nothing', () => {
  it.each(['server-sent events', 'calls of Connect'])('is given no more than there is room for: %s', async (door) => {
    const { server, names, given } = await stage(20, { highWaterMark: 4 * large });
    const session = open(server);
    const streams = names.map((name) => read(session, doors[door]!(name)));
    await until('it has got what it may', () => given() >= 4);
    // Somebody else has all of a stream meanwhile.
    const whole = await buffer(read(open(server), doors[door]!('large-0')));
    expect(whole.length).toBeGreaterThan(3 * large);
    await until('the other has gone', () => server.gateway.connections().length === 20);
    expect(given()).toBeLessThanOrEqual(5);
    // It reads after all, and has everything, whoever had to wait.
    const all = await Promise.all(streams.map(async (stream) => (await buffer(stream)).length));
    expect(all.filter((length) => length < 3 * large)).toEqual([]);
  });

  it.each(Object.keys(doors))('goes on where it was when it takes something: %s', async (door) => {
    const { server, names } = await stage(6, { highWaterMark: large });
    const session = open(server);
    const streams = names.map((name) => read(session, doors[door]!(name)));
    const all = await Promise.all(streams.map(async (stream) => (await buffer(stream)).toString()));
    // A message of Connect has a chunk's data in base64.
    const plain = (text: string) => text.replaceAll('MDAw', '000').replaceAll('MTEx', '111').replaceAll('MjIy', '222');
    const numbers = (text: string) =>
      plain(text)
        .match(/0{5000}|1{5000}|2{5000}/g)
        ?.map(([number]) => number)
        .join('');
    const each = Math.floor(large / 5000);
    const whole = [0, 1, 2].map((n) => `${n}`.repeat(each)).join('');
    expect(all.map(numbers).filter((text) => text !== whole)).toEqual([]);
  });

  it('may have as many requests under way as it is told', async () => {
    const { server } = await stage(0);
    const session = open(server);
    const [settings] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
    expect(settings.maxConcurrentStreams).toBe(250);
  });

  const mib = 1 << 20;
  it('takes no memory worth speaking of, and nobody else waits for it', async () => {
    const child = fork('test/node/http2-victim.ts', { execArgv: ['-C', 'sluice-source', '--import', 'tsx'] });
    endWithTests(child);
    ends.push(() => child.kill('SIGKILL'));
    const [started] = (await once(child, 'message')) as [{ port: number }];
    const rss = async (): Promise<number> => {
      child.send('rss');
      const [told] = (await once(child, 'message')) as [{ rss: number }];
      return told.rss / mib;
    };
    const session = open(started);
    await once(session, 'remoteSettings');
    let most = 0;
    for (let n = 0; n < 240; n++) read(session, Object.values(doors)[n % 4]!('large'));
    const other = open(started, 64 * mib);
    await once(other, 'connect');
    other.setLocalWindowSize(64 * mib);
    for (const door of ['server-sent events', 'Durable Streams, all at once', 'Durable Streams, live']) {
      most = Math.max(most, await rss());
      expect((await buffer(read(other, doors[door]!('large')))).length).toBeGreaterThanOrEqual(8 * mib);
    }
    for (let n = 0; n < 20; n++) most = Math.max(most, await rss());
    // Two gigabytes, if each of them had its chunk.
    expect(most).toBeLessThan(1000);
  });
});
