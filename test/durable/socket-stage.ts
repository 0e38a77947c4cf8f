import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { until } from '../servers/until.js';

/** What a server was asked, where it answers, and the socket of who asks. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

/** A real server that is asked with bytes which are sent as they are; it ends with the test. */
export class SocketStage {
  private readonly closing: (() => unknown)[] = [];

  constructor() {
    afterEach(async () => {
      for (const close of this.closing.splice(0).toReversed()) await close();
    });
  }

  async ask(text: string): Promise<Asked> {
    const got: Omit<Asked, 'socket'>[] = [];
    const http = createServer((request, response) => void got.push({ request, response }));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    this.closing.push(() => new Promise((resolve) => http.close(resolve)));
    this.closing.push(() => http.closeAllConnections());
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    this.closing.push(() => socket.destroy());
    socket.write(text);
    await until('it is asked', () => got.length > 0);
    return { ...got[0]!, socket };
  }
}
