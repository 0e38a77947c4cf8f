import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createChunk, encodeChunk } from '../../../src/chunk/index.js';
import { BadFrame, closeCodes, encodeMessage, type OutgoingFrame } from '../../../src/protocol/index.js';
import { type TransportUnderTest, transportLaws } from '../../../src/testing/transport-laws.js';
import type { LinkAcceptor } from '../../../src/transport/transport.js';
import { createWebSocketTransport } from '../../../src/transport/websocket/client.js';
import {
  createWebSocketAcceptor,
  type ServerSocket,
  type WebSocketAcceptorOptions,
} from '../../../src/transport/websocket/server.js';
import { Lab } from './lab.js';

/** A running server with our own client, for the laws. */
async function underTest(acceptor: LinkAcceptor, options: WebSocketAcceptorOptions): Promise<TransportUnderTest> {
  const lab = await Lab.start(options, { acceptor });
  const clients: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols);
      clients.push(this);
    }
  }
  const { highWaterMark = 1 } = options;
  return {
    transport: createWebSocketTransport({ url: lab.url, WebSocket: Recorded, highWaterMark, pollMs: 1 }),
    stall: (side) => {
      const sockets = side === 'client' ? clients : [...lab.sockets];
      for (const socket of sockets) socket.pause();
      return () => sockets.forEach((socket) => socket.resume());
    },
    cut: () => lab.sockets.forEach((socket) => socket.terminate()),
    close: async () => lab.close(),
  };
}

transportLaws('websocket', async (acceptor, highWaterMark) => underTest(acceptor, { highWaterMark }));

transportLaws('websocket, compressed', async (acceptor, highWaterMark) =>
  underTest(acceptor, { highWaterMark, perMessageDeflate: true }),
);

let lab: Lab;
afterEach(async () => lab?.close());

const patience = { timeout: 30_000, interval: 2 };
const until = async (check: () => void) => vi.waitFor(check, patience);
const pong: OutgoingFrame = { t: 'pong', sent: [[1, 2]] };

describe('createWebSocketAcceptor', () => {
  it('says who is at the other end', async () => {
    lab = await Lab.start();
    await lab.client(['sluice.v1'], { 'x-user': 'ishmael' });
    const { peer } = lab.sides[0]!;
    expect(peer.transport).toBe('websocket');
    expect(peer.address).toBe('127.0.0.1');
    expect(peer.headers).toMatchObject({ 'x-user': 'ishmael', 'sec-websocket-protocol': 'sluice.v1' });
  });

  it('works for a plain client that speaks the words of the protocol', async () => {
    lab = await Lab.start();
    const client = await lab.client();
    expect(client.socket.protocol).toBe('sluice.v1');
    client.socket.send('{"t":"ping","grants":[]}\n{"t":"unsubscribe","ch":3}');
    lab.sides[0]!.link.send([pong, pong]);
    lab.sides[0]!.link.send([pong]);
    await until(() => expect(client.messages).toHaveLength(2));
    await until(() =>
      expect(lab.sides[0]!.frames).toEqual([
        { t: 'ping', grants: [] },
        { t: 'unsubscribe', ch: 3 },
      ]),
    );
    const text = '{"t":"pong","sent":[[1,2]]}';
    expect(client.messages).toEqual([
      { text: `${text}\n${text}`, isBinary: false },
      { text, isBinary: false },
    ]);
  });

  it('hands up bytes that are the chunk’s own, not a view of the message', async () => {
    lab = await Lab.start();
    const client = await lab.client();
    const chunk = createChunk({ streamId: 's', seq: 0, data: Uint8Array.of(1, 2, 3) });
    const place = { stream: 's', producer: 'p', epoch: 0, seq: 0 };
    client.socket.send(encodeMessage([{ t: 'publish', ...place, chunks: [encodeChunk(chunk)] }]).data);
    await until(() => expect(lab.sides[0]!.frames).toHaveLength(1));
    const [frame] = lab.sides[0]!.frames as unknown as { chunks: { data: Uint8Array }[] }[];
    const { data } = frame!.chunks[0]!;
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    expect(data.buffer.byteLength).toBe(3);
  });

  describe('the subprotocol', () => {
    it('is demanded: 4406 names what was offered', async () => {
      lab = await Lab.start();
      const client = await lab.client(['mqtt', 'graphql-ws']);
      await until(() => expect(client.closed).toBeDefined());
      expect(client.error).toBeUndefined();
      expect(client.closed).toEqual({
        code: closeCodes['protocol-unsupported'],
        reason: 'the subprotocol must be sluice.v1: "mqtt,graphql-ws" was offered',
      });
      expect(lab.sides).toEqual([]);
    });

    it('is demanded of those who offer none', async () => {
      lab = await Lab.start();
      const client = await lab.client([]);
      await until(() => expect(client.closed?.code).toBe(closeCodes['protocol-unsupported']));
      expect(client.closed?.reason).toBe('the subprotocol must be sluice.v1: none was offered');
    });

    it('may be one of several', async () => {
      lab = await Lab.start();
      const client = await lab.client(['mqtt', 'sluice.v1']);
      expect(client.socket.protocol).toBe('sluice.v1');
      expect(lab.sides).toHaveLength(1);
    });

    it('is named in a reason that fits, however much was offered', async () => {
      lab = await Lab.start();
      const client = await lab.client(['x'.repeat(500)]);
      await until(() => expect(client.closed?.code).toBe(closeCodes['protocol-unsupported']));
      expect(Buffer.byteLength(client.closed!.reason)).toBe(123);
    });
  });

  describe('pages', () => {
    it('of other hosts are refused with 403', async () => {
      lab = await Lab.start();
      const client = await lab.client(['sluice.v1'], { origin: 'http://evil.example' });
      expect(client.error?.message).toContain('403');
      expect(lab.sides).toEqual([]);
    });

    it('of the host itself, or listed, may connect', async () => {
      lab = await Lab.start({ origins: ['https://app.example'] });
      await lab.client(['sluice.v1'], { origin: 'https://app.example' });
      const own = await lab.client(['sluice.v1'], { origin: lab.url.replace('ws', 'http') });
      expect(own.error?.message).toContain('403');
      expect(lab.sides).toHaveLength(1);
      await lab.close();
      lab = await Lab.start();
      await lab.client(['sluice.v1'], { origin: lab.url.replace('ws', 'http') });
      expect(lab.sides).toHaveLength(1);
    });
  });

  describe('messages', () => {
    it.each(['no JSON', '[]', '"text"', '', '{"t":"ping","grants":[]}\n'])(
      '%j ends the connection with 4400',
      async (text) => {
        lab = await Lab.start();
        const client = await lab.client();
        client.socket.send(text);
        client.socket.send('{"t":"ping","grants":[]}');
        await until(() => expect(client.closed).toBeDefined());
        expect(client.closed!.code).toBe(closeCodes['frame-malformed']);
        expect(client.closed!.reason).toMatch(/^a frame /);
        expect(lab.sides[0]!.ends).toEqual([client.closed]);
        expect(lab.sides[0]!.frames).toEqual([]);
      },
    );

    it('of bytes that are no records end the connection with 4400', async () => {
      lab = await Lab.start();
      const client = await lab.client();
      client.socket.send(Buffer.from([0, 0, 0, 9, 0, 0, 0, 0, 1]));
      await until(() => expect(client.closed?.code).toBe(closeCodes['frame-malformed']));
      expect(client.closed!.reason).toBe('a record is longer than its binary message');
    });

    it('with frames nobody knows go on', async () => {
      lab = await Lab.start();
      const client = await lab.client();
      client.socket.send('{"t":"nonsense"}\n{"t":"ping","grants":[]}');
      await until(() => expect(lab.sides[0]!.frames).toHaveLength(2));
      expect(lab.sides[0]!.frames[0]).toBeInstanceOf(BadFrame);
      expect(lab.sides[0]!.ends).toEqual([]);
    });

    it.each([false, true])('that are too large end the connection with 1009 (plain server: %s)', async (plain) => {
      lab = await Lab.start({ maxFrame: 1024 }, { plain });
      const client = await lab.client();
      const message = (size: number) => `{"t":"ping","grants":[]${' '.repeat(size - 24)}}`;
      client.socket.send(message(1024));
      client.socket.send(message(1025));
      await until(() => expect(client.closed?.code).toBe(closeCodes['frame-too-large']));
      await until(() => expect(lab.sides[0]!.ends.map(({ code }) => code)).toEqual([closeCodes['frame-too-large']]));
      expect(lab.sides[0]!.frames).toHaveLength(1);
    });

    it('that are no UTF-8 end the connection with 1007', async () => {
      lab = await Lab.start();
      const client = await lab.client();
      client.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
      await until(() => expect(client.closed?.code).toBe(closeCodes['invalid-utf8']));
      await until(() => expect(lab.sides[0]!.ends.map(({ code }) => code)).toEqual([closeCodes['invalid-utf8']]));
    });

    it('that break the WebSocket protocol end the connection, and nothing else', async () => {
      lab = await Lab.start();
      const client = await lab.client();
      const other = await lab.client();
      // An unmasked frame, and one with an opcode nobody has given a meaning.
      const { _socket: raw } = client.socket as unknown as { _socket: { write(bytes: Buffer): void } };
      raw.write(Buffer.from([0x83, 0x00]));
      await until(() => expect(lab.sides[0]!.ends).toHaveLength(1));
      other.socket.send('{"t":"ping","grants":[]}');
      await until(() => expect(lab.sides[1]!.frames).toHaveLength(1));
    });
  });

  describe('on a server made without its options', () => {
    it('still refuses pages of other hosts', async () => {
      lab = await Lab.start({}, { plain: true });
      const client = await lab.client(['sluice.v1'], { origin: 'http://evil.example' });
      await until(() => expect(client.closed).toEqual({ code: 1008, reason: 'this origin may not connect' }));
      expect(lab.sides).toEqual([]);
    });

    it('still demands the subprotocol, and lives on when the refused client misbehaves', async () => {
      lab = await Lab.start({}, { plain: true });
      const client = await lab.client(['mqtt']);
      client.socket.terminate();
      await until(() => expect(client.closed).toBeDefined());
      await lab.client();
      expect(lab.sides).toHaveLength(1);
    });
  });

  it('reports a connection that was closed without a code as it is', async () => {
    lab = await Lab.start();
    const client = await lab.client();
    client.socket.close();
    await until(() => expect(lab.sides[0]!.ends).toEqual([{ code: 1005, reason: '' }]));
  });

  it('breaks the connection when closed with 1006', async () => {
    lab = await Lab.start();
    const client = await lab.client();
    lab.sides[0]!.link.close(closeCodes.lost, 'gone');
    await until(() => expect(client.closed).toEqual({ code: 1006, reason: '' }));
    expect(lab.sides[0]!.ends).toEqual([{ code: closeCodes.lost, reason: 'gone' }]);
  });

  it('tells the end at once, though the peer never answers', async () => {
    lab = await Lab.start();
    const client = await lab.client();
    client.socket.pause();
    lab.sides[0]!.link.close(closeCodes['idle-timeout'], 'silence');
    await Promise.resolve();
    await Promise.resolve();
    expect(lab.sides[0]!.ends).toEqual([{ code: closeCodes['idle-timeout'], reason: 'silence' }]);
    client.socket.resume();
    await until(() => expect(client.closed?.code).toBe(closeCodes['idle-timeout']));
    expect(lab.sides[0]!.ends).toHaveLength(1);
  });

  it('hangs up on who does not agree to be closed', async () => {
    lab = await Lab.start({ closeMs: 50 });
    const client = await lab.client();
    client.socket.pause();
    lab.sides[0]!.link.close(closeCodes['limit-reached'], 'too many');
    const open = async () => await new Promise((resolve) => lab.http.getConnections((_, count) => resolve(count)));
    await vi.waitFor(async () => expect(await open()).toBe(0), patience);
    client.socket.terminate();
  });

  it.each([
    ['maxFrame', { maxFrame: 0 }, RangeError],
    ['closeMs', { closeMs: 0 }, RangeError],
    ['highWaterMark', { highWaterMark: 1.5 }, RangeError],
    ['threshold', { perMessageDeflate: { threshold: -1 } }, RangeError],
    ['origins', { origins: 'https://app.example' as never }, TypeError],
  ])('refuses a wrong %s when it is made', (name, options, kind) => {
    const make = () => createWebSocketAcceptor({ accept: () => undefined as never }, options);
    expect(make).toThrow(kind);
    expect(make).toThrow(name);
  });
});

/** A socket that records what a link does with it, and what goes over its wire. */
function recordingSocket({ extensions = '' } = {}) {
  const sends: { data: unknown; options: unknown; sent: unknown }[] = [];
  const writes: { data: unknown; sent: unknown }[] = [];
  const socket = {
    protocol: 'sluice.v1',
    bufferedAmount: 0,
    readyState: WebSocket.OPEN as number,
    extensions,
    send: (data: unknown, options: unknown, sent: unknown) => void sends.push({ data, options, sent }),
    close: () => {},
    terminate: () => {},
    on: () => {},
  };
  const wire = { write: (data: unknown, sent: unknown) => void writes.push({ data, sent }) };
  const request = { headers: {}, socket: wire } as never;
  return { socket, request, sends, writes };
}

/** Makes a link of each socket. */
function linksOf(sockets: ReturnType<typeof recordingSocket>[], options: WebSocketAcceptorOptions = {}) {
  const links: { send(frames: readonly OutgoingFrame[]): void }[] = [];
  const accept = (link: (typeof links)[number]) => {
    links.push(link);
    return { frames: () => {}, drained: () => {}, closed: () => {} };
  };
  const acceptor = createWebSocketAcceptor({ accept }, options);
  for (const { socket, request } of sockets) acceptor.connection(socket as ServerSocket, request);
  return links;
}

describe('a link', () => {
  const chunks = [encodeChunk(createChunk({ streamId: 's', seq: 0, data: 'whale' }))];
  const frame: OutgoingFrame = { t: 'data', ch: 1, seq: 0, chunks };

  it('writes the same bytes to every subscriber', () => {
    const recorded = Array.from({ length: 3 }, () => recordingSocket());
    for (const link of linksOf(recorded)) link.send([frame]);
    const [first] = recorded[0]!.writes;
    for (const { writes, sends } of recorded) {
      expect(writes).toHaveLength(1);
      expect(writes[0]!.data).toBe(first!.data);
      expect(sends).toEqual([]);
    }
  });

  it('leaves framing to a socket that compresses', () => {
    const recorded = recordingSocket({ extensions: 'permessage-deflate' });
    const [link] = linksOf([recorded]);
    link!.send([frame]);
    link!.send([{ ...frame, chunks: [encodeChunk(createChunk({ streamId: 's', seq: 0, data: Uint8Array.of(1) }))] }]);
    expect(recorded.writes).toEqual([]);
    expect(recorded.sends.map(({ options }) => options)).toEqual([
      { binary: false, compress: true },
      { binary: true, compress: true },
    ]);
    expect(recorded.sends[0]!.data).toBe(encodeMessage([frame]).data);
  });

  it('writes nothing behind the closing frame', () => {
    const recorded = recordingSocket();
    const [link] = linksOf([recorded]);
    recorded.socket.readyState = WebSocket.CLOSING;
    link!.send([frame]);
    expect(recorded.writes).toEqual([]);
  });

  it.each(['', 'permessage-deflate'])(
    'asks to be told only where it may be full before the next send (%s)',
    (extensions) => {
      const [fast, small] = [recordingSocket({ extensions }), recordingSocket({ extensions })];
      const [link] = linksOf([fast]);
      const [tight] = linksOf([small], { highWaterMark: 20 });
      const asked = ({ sends, writes }: typeof fast) => [...sends, ...writes].map(({ sent }) => typeof sent);
      link!.send([frame]);
      fast.socket.bufferedAmount = 1;
      link!.send([frame]);
      link!.send([frame]);
      expect(asked(fast)).toEqual(['undefined', 'undefined', 'function']);
      tight!.send([frame]);
      expect(asked(small)).toEqual(['function']);
    },
  );
});
