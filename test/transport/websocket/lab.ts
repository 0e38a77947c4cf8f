import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { BadFrame, ClientFrame } from '../../../src/protocol/index.js';
import type { Link, LinkAcceptor, Peer } from '../../../src/transport/transport.js';
import { createWebSocketAcceptor, type WebSocketAcceptorOptions } from '../../../src/transport/websocket/server.js';

/** The server's side of a link, and what it heard. */
export class ServerSide {
  readonly frames: (ClientFrame | BadFrame)[] = [];
  readonly ends: { code: number; reason: string }[] = [];
  drained = 0;

  constructor(
    readonly link: Link,
    readonly peer: Peer,
  ) {}
}

/** A WebSocket server on a free port of the loopback, and everything that connects to it. */
export class Lab {
  readonly sides: ServerSide[] = [];
  readonly sockets = new Set<WebSocket>();

  private constructor(
    readonly http: Server,
    readonly server: WebSocketServer,
    readonly url: string,
  ) {}

  /** Starts one. `plain` leaves the acceptor's options for the server out, as a careless user would. */
  static async start(
    options: WebSocketAcceptorOptions = {},
    { plain = false, acceptor }: { plain?: boolean; acceptor?: LinkAcceptor } = {},
  ): Promise<Lab> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const sockets = createWebSocketAcceptor(acceptor ?? { accept: (link, peer) => lab.accept(link, peer) }, options);
    const server = new WebSocketServer({ ...(plain ? {} : sockets.serverOptions), server: http });
    const lab: Lab = new Lab(http, server, `ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    server.on('connection', (socket, request) => {
      lab.sockets.add(socket);
      sockets.connection(socket, request);
    });
    return lab;
  }

  private accept(link: Link, peer: Peer) {
    const side = new ServerSide(link, peer);
    this.sides.push(side);
    return {
      frames: (frames: readonly (ClientFrame | BadFrame)[]) => void side.frames.push(...frames),
      drained: () => void side.drained++,
      closed: (code: number, reason: string) => void side.ends.push({ code, reason }),
    };
  }

  /** A plain client of `ws`, open or refused. */
  async client(protocols: string[] = ['sluice.v1'], headers: Record<string, string> = {}): Promise<PlainClient> {
    return new PlainClient(new WebSocket(this.url, protocols, { headers, perMessageDeflate: false })).settled();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.server.close();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** What a `ws` client sees. */
export class PlainClient {
  readonly messages: { text: string; isBinary: boolean }[] = [];
  closed: { code: number; reason: string } | undefined;
  error: Error | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => this.messages.push({ text: (data as Buffer).toString(), isBinary }));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', (error) => (this.error = error));
  }

  async settled(): Promise<this> {
    await new Promise((resolve) => {
      this.socket.on('open', resolve);
      this.socket.on('close', resolve);
    });
    return this;
  }
}
