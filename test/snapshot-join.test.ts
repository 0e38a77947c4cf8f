import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Chunk } from '../src/chunk/index.js';
import { createClient } from '../src/client/index.js';
import { createEventStreamReader, type IncomingEvent } from '../src/format/event-stream.js';
import { serve, type Server } from '../src/node/index.js';
import { createSseTransport } from '../src/transport/sse/client.js';
import { createWebSocketTransport } from '../src/transport/websocket/client.js';
import { textBodies } from './bodies.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const tokens = Array.from({ length: 10_000 }, (_, i) => ['wörd ', '日本', ' 👩‍👩‍👧', '\n', `${i}`][i % 5]!);
const whole = sha256(tokens.join(''));

let server: Server | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A server with a stream of ten thousand tokens, which has ended or not. */
async function begin(ended: boolean): Promise<Server> {
  server = await serve({ port: 0 });
  const close = ended ? { close: { status: 'completed' } as const } : {};
  await server.streams.publish('s', textBodies(...tokens), close);
  return server;
}

describe('who joins ten thousand tokens late', () => {
  it('gets three WebSocket messages at most', async () => {
    const { url } = await begin(true);
    const socket = new WebSocket(url.replace('http', 'ws'), 'sluice.v1');
    const messages: string[] = [];
    const over = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        messages.push(data.toString());
        if (messages.at(-1)!.includes('"t":"end"')) resolve();
      });
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ t: 'subscribe', stream: 's', from: 'snapshot', chunks: 256, bytes: 1 << 20 }));
    await over;
    socket.close();
    const frames = messages.flatMap((message) => message.split('\n')).map((text) => JSON.parse(text) as { t: string });
    expect(frames.map(({ t }) => t)).toEqual(['welcome', 'subscribed', 'end']);
    expect(messages.length).toBeLessThanOrEqual(3);
    const [, { chunks }] = frames as unknown as [unknown, { chunks: [{ data: string }] }];
    expect(sha256(chunks[0].data)).toBe(whole);
  }, 120_000);

  it('gets two server-sent events, and comes back behind the snapshot', async () => {
    const { url } = await begin(true);
    const events: IncomingEvent[] = [];
    const parser = createEventStreamReader((event) => events.push(event));
    const response = await fetch(`${url}/streams/s?from=snapshot`);
    parser.push(new Uint8Array(await response.arrayBuffer()));
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['snapshot', '9999'],
      ['end', '9999'],
    ]);
    expect(sha256((JSON.parse(events[0]!.data) as { data: string }).data)).toBe(whole);
    const again = await fetch(`${url}/streams/s?from=snapshot`, { headers: { 'last-event-id': '9999' } });
    expect(again.status).toBe(204);
  }, 120_000);

  it.each(['WebSocket', 'SSE'])(
    'has the same text as who was there all along, over %s',
    async (way) => {
      const { url, streams } = await begin(false);
      const transport =
        way === 'SSE'
          ? createSseTransport({ url })
          : createWebSocketTransport({ url: url.replace('http', 'ws'), WebSocket });
      const client = createClient({ transport, window: { chunks: 16, bytes: 1024 } });
      try {
        const received = lastValueFrom(client.receive('s', { from: 'snapshot' }).pipe(toArray()));
        const read: Chunk[] = [];
        for await (const chunk of client.read('s', { from: 'snapshot' })) {
          // The producer goes on once somebody has the snapshot.
          if (read.length === 0) {
            for (let i = 0; i < 100; i++) await streams.publish('s', textBodies(`more ${i} `));
            await streams.close('s');
          }
          read.push(chunk);
        }
        const all = sha256(tokens.join('') + Array.from({ length: 100 }, (_, i) => `more ${i} `).join(''));
        for (const chunks of [read, await received]) {
          expect(sha256(chunks.map(({ data }) => data).join(''))).toBe(all);
          expect(chunks.length).toBeLessThanOrEqual(101);
        }
      } finally {
        client.close();
      }
    },
    30_000,
  );
});
