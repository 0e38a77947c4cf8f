import { take } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createReadClient, type ReadClient } from 'sluice/client';
import { createMemoryLog } from 'sluice/log/memory';
import { serve, type Server } from 'sluice/node';
import { createSseTransport } from 'sluice/transport/sse/client';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';
import type { ClientTransport } from 'sluice/transport';
import { WebSocket } from 'ws';
import { encodedTexts } from './bodies.js';
import { freePort } from './servers/server.js';

const until = async (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });
const backoff = { minMs: 5, maxMs: 20 };

/** A log in memory: what a server keeps until it is ended. */
function logOf(streamId: string, ...texts: string[]) {
  const log = createMemoryLog();
  log.create(streamId);
  log.append(streamId, encodedTexts(...texts));
  return log;
}

describe('a stream that was forgotten, and another that has its name', () => {
  let server: Server | undefined;
  let client: ReadClient | undefined;
  afterEach(async () => {
    client?.close();
    await server?.close();
  });

  const transports: readonly [string, (url: string) => ClientTransport][] = [
    ['WebSocket', (url) => createWebSocketTransport({ url, WebSocket })],
    ['server-sent events', (url) => createSseTransport({ url })],
  ];

  /** Reads two chunks, has the server end, and another with this log in its place. */
  async function afterRestart(transport: (url: string) => ClientTransport, ...texts: string[]) {
    server = await serve({ port: await freePort(), log: logOf('s', 'a', 'b') });
    const { port, url } = server;
    client = createReadClient({ transport: transport(url), backoff });
    const got: string[] = [];
    client.receive('s').subscribe({
      next: ({ data }) => void got.push(String(data)),
      error: ({ code, message }: { code: string; message: string }) => void got.push(`${code}: ${message}`),
    });
    await until(() => expect(got).toEqual(['a', 'b']));
    await server.close();
    server = await serve({ port, log: logOf('s', ...texts) });
    return got;
  }

  it.each(transports)('is told over %s, when it has less than was read', async (_, transport) => {
    const got = await afterRestart(transport, 'x');
    await until(() => expect(got).toEqual(['a', 'b', 'stream-not-found: the stream "s" was removed']));
  });

  it.each(transports)(
    'is told over %s, when it has more: no chunk of it is taken for one of the first',
    async (_, on) => {
      const got = await afterRestart(on, 'x', 'y', 'z');
      await until(() => expect(got).toEqual(['a', 'b', 'stream-not-found: the stream "s" was removed']));
      const anew: string[] = [];
      client!
        .receive('s')
        .pipe(take(3))
        .subscribe(({ data }) => void anew.push(String(data)));
      await until(() => expect(anew).toEqual(['x', 'y', 'z']));
    },
  );
});
