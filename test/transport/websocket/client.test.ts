import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { createClient, createReadClient, withToken } from '../../../src/client/index.js';
import type { OutgoingFrame } from '../../../src/protocol/index.js';
import {
  type ClientSocketClass,
  createWebSocketReadTransport,
  createWebSocketTransport,
} from '../../../src/transport/websocket/client.js';
import { FakeSocket, listener, openFake } from './fake-socket.js';
import { Lab } from './lab.js';

let lab: Lab | undefined;
afterEach(async () => {
  vi.unstubAllGlobals();
  await lab?.close();
  lab = undefined;
});

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 2 });

const ping: OutgoingFrame = { t: 'ping', grants: [] };

describe('createWebSocketTransport', () => {
  it.each([
    ['ws://127.0.0.1:4437', 'ws://127.0.0.1:4437/'],
    ['wss://chunks.example/ws?token=a', 'wss://chunks.example/ws?token=a'],
    ['http://chunks.example', 'ws://chunks.example/'],
    [new URL('https://chunks.example/ws#top'), 'wss://chunks.example/ws'],
  ])('opens a socket to %s with the subprotocol', (url, address) => {
    createWebSocketTransport({ url, WebSocket: FakeSocket }).connect(listener().events);
    expect(FakeSocket.last.url).toBe(address);
    expect(FakeSocket.last.protocols).toBe('sluice.v1');
    expect(FakeSocket.last.binaryType).toBe('arraybuffer');
  });

  it.each(['', 'chunks.example', '/ws', 'ftp://chunks.example', 7, undefined])('refuses the address %j', (url) => {
    expect(() => createWebSocketTransport({ url: url as string, WebSocket: FakeSocket })).toThrow(TypeError);
  });

  it('takes the platform’s own WebSocket, and says when there is none', () => {
    const url = 'ws://chunks.example';
    vi.stubGlobal('WebSocket', undefined);
    expect(() => createWebSocketTransport({ url })).toThrow(
      new TypeError('WebSocket must be given: this platform has none of its own'),
    );
    vi.stubGlobal('WebSocket', FakeSocket);
    createWebSocketTransport({ url }).connect(listener().events);
    expect(FakeSocket.last.url).toBe('ws://chunks.example/');
  });

  it('refuses bounds that are none', () => {
    const make = (options: object) => () =>
      createWebSocketTransport({ url: 'ws://chunks.example', WebSocket: FakeSocket, ...options });
    expect(make({ highWaterMark: 0 })).toThrow(RangeError);
    expect(make({ pollMs: Number.NaN })).toThrow(RangeError);
  });

  it('talks to a real server with the WebSocket of ws', async () => {
    lab = await Lab.start();
    const { heard, frames, events } = listener();
    const link = createWebSocketTransport({ url: lab.url, WebSocket }).connect(events);
    await until(() => expect(heard).toEqual(['opened']));
    link.send([ping]);
    await until(() => expect(lab!.sides[0]!.frames).toEqual([ping]));
    lab.sides[0]!.link.send([{ t: 'pong', sent: [] }]);
    await until(() => expect(frames).toEqual([{ t: 'pong', sent: [] }]));
  });

  it('ends with 1006 where nobody listens, and throws nothing into the air', async () => {
    const gone = await Lab.start();
    await gone.close();
    const { heard, events } = listener();
    createWebSocketTransport({ url: gone.url, WebSocket }).connect(events);
    await until(() => expect(heard).toEqual(['closed 1006']));
  });

  it('ends at once when given up before it is open', async () => {
    lab = await Lab.start();
    const { heard, events } = listener();
    createWebSocketTransport({ url: lab.url, WebSocket }).connect(events).close(1000, 'never mind');
    expect(heard).toEqual([]);
    await until(() => expect(heard).toEqual(['closed 1000 never mind']));
    // The socket's own end comes later, as an error and 1006.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toEqual(['closed 1000 never mind']);
  });

  it('ends with 1006 when the platform forbids the socket', async () => {
    const Forbidden = function () {
      throw new Error('blocked by a policy');
    } as unknown as ClientSocketClass;
    const { heard, events } = listener();
    const link = createWebSocketTransport({ url: 'ws://chunks.example', WebSocket: Forbidden }).connect(events);
    expect(heard).toEqual([]);
    link.send([ping]);
    await until(() => expect(heard).toEqual(['closed 1006 blocked by a policy']));
    link.close(1000, '');
    expect(link.writable).toBe(true);
  });

  it('sends text as a string and bytes as bytes, once for each send', () => {
    const { link, socket } = openFake();
    link.send([ping]);
    link.send([ping, ping]);
    link.send([]);
    const chunk = encodeChunk(createChunk({ streamId: 's', seq: 0, data: Uint8Array.of(1) }));
    link.send([{ t: 'publish', stream: 's', producer: 'p', epoch: 0, seq: 0, chunks: [chunk] }]);
    const text = '{"t":"ping","grants":[]}';
    expect(socket.sent.slice(0, 2)).toEqual([text, `${text}\n${text}`]);
    expect(socket.sent[2]).toBeInstanceOf(Uint8Array);
    expect(socket.sent).toHaveLength(3);
  });

  it('sends nothing while the socket is not open', () => {
    const { link, socket } = openFake();
    socket.readyState = 2;
    link.send([ping]);
    expect(socket.sent).toEqual([]);
  });

  it('closes with 4400 when the server says what is no frame', async () => {
    const { heard, frames, socket } = openFake();
    socket.says('no JSON');
    socket.says('{"t":"pong","sent":[]}');
    await until(() => expect(heard).toEqual(['opened', 'closed 4400 a frame is not JSON']));
    expect(socket.closes).toEqual([[4400, 'a frame is not JSON']]);
    expect(frames).toEqual([]);
  });

  it('hears nothing after the end', () => {
    const { heard, frames, socket } = openFake();
    socket.ends(1001, 'restart');
    socket.says('{"t":"pong","sent":[]}');
    socket.onopen?.({} as never);
    socket.onerror?.({} as never);
    socket.ends(1006);
    expect(heard).toEqual(['opened', 'closed 1001 restart']);
    expect(frames).toEqual([]);
  });
});

describe('createWebSocketReadTransport', () => {
  it('says requests, and hears chunks, as the other does', async () => {
    lab = await Lab.start();
    const { heard, frames, events } = listener();
    const link = createWebSocketReadTransport({ url: lab.url, WebSocket }).connect(events);
    await until(() => expect(heard).toEqual(['opened']));
    link.send([
      { t: 'ping', grants: [] },
      { t: 'cancel', stream: 's' },
    ]);
    link.send([]);
    await until(() =>
      expect(lab!.sides[0]!.frames).toEqual([
        { t: 'ping', grants: [] },
        { t: 'cancel', stream: 's' },
      ]),
    );
    const chunk = encodeChunk(createChunk({ streamId: 's', seq: 0, data: Uint8Array.of(1, 2) }));
    lab.sides[0]!.link.send([{ t: 'data', ch: 1, seq: 0, chunks: [chunk] }]);
    await until(() => expect(frames).toMatchObject([{ t: 'data', chunks: [{ data: Uint8Array.of(1, 2) }] }]));
    link.close(1000, 'enough');
    await until(() => expect(heard).toEqual(['opened', 'closed 1000 enough']));
  });

  it('is none for a client that writes, by its type', () => {
    const transport = createWebSocketReadTransport({ url: 'ws://chunks.example', WebSocket: FakeSocket });
    createReadClient({ transport }).close();
    // @ts-expect-error its links take no frame with chunks
    createClient({ transport }).close();
    const known = withToken(transport, () => 'token');
    createReadClient({ transport: known }).close();
    // @ts-expect-error nor does it with a token
    createClient({ transport: known }).close();
  });
});
