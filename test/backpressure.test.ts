import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from 'sluice/client';
import { createFlow } from 'sluice/flow';
import { serve, type Server } from 'sluice/node';
import { stamp } from 'sluice/operators';
import { fromPull, toAsyncIterable } from 'sluice/source/iterable';
import { publishTo, type Streams } from 'sluice/streams';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

/** A producer that never stops by itself, and how far it ran. */
function produce(streams: Streams, window: number, text: (n: number) => string) {
  const flow = createFlow();
  const state = { made: 0, ended: false };
  function* texts() {
    try {
      for (;;) yield text(state.made++);
    } finally {
      state.ended = true;
    }
  }
  const pipeline = fromPull(texts, { flow }).pipe(
    stamp({ streamId: 'texts' }),
    publishTo(streams, 'texts', { flow, window, maxBatch: window }),
  );
  return { state, flow, subscription: pipeline.subscribe() };
}

/** How far a producer ran once it runs no further. */
async function stopped(state: { made: number }): Promise<number> {
  for (;;) {
    const { made } = state;
    await sleep(50);
    if (state.made === made) return made;
  }
}

describe('a reader that stops reading stops the generator at the other end', () => {
  const window = 64;
  let server: Server | undefined;
  let producer: ReturnType<typeof produce> | undefined;
  afterEach(async () => {
    producer?.subscription.unsubscribe();
    expect(producer?.state.ended).toBe(true);
    await server?.close();
    server = undefined;
  });

  it('in this process', async () => {
    server = await serve({ port: 0 });
    await server.streams.create('texts');
    const flow = createFlow();
    const chunks = server.streams.receive('texts', { flow });
    const reader = toAsyncIterable(chunks, { capacity: 16, flow });
    const first = reader.next();
    await sleep(1);
    producer = produce(server.streams, window, String);
    expect((await first).value?.data).toBe('0');
    for (let taken = 1; taken < 1000; taken++) expect((await reader.next()).value?.data).toBe(String(taken));
    expect(await stopped(producer.state)).toBeLessThanOrEqual(1000 + 16 + window);
    expect((await reader.next()).value?.data).toBe('1000');
    await reader.return!();
  });

  it('over a real WebSocket, by its credit', async () => {
    server = await serve({ port: 0 });
    await server.streams.create('texts');
    const credit = 100;
    const client = createClient({
      transport: createWebSocketTransport({ url: server.url.replace('http', 'ws'), WebSocket }),
      window: { chunks: credit, bytes: 1 << 20 },
    });
    const reader = client.read('texts');
    const first = reader.next();
    await expect.poll(() => server!.streams.readers.slowest('texts')).toBe(0);
    producer = produce(server.streams, window, String);
    expect((await first).value?.data).toBe('0');
    for (let taken = 1; taken < 1000; taken++) expect((await reader.next()).value?.data).toBe(String(taken));
    expect(await stopped(producer.state)).toBeLessThanOrEqual(1000 + credit + window);
    for (let taken = 1000; taken < 1200; taken++) expect((await reader.next()).value?.data).toBe(String(taken));
    await reader.return!();
    client.close();
  });

  it('over SSE, by its socket', async () => {
    server = await serve({ port: 0 });
    await server.streams.create('texts');
    const large = 'x'.repeat(10_000);
    const response = await new Promise<IncomingMessage>((resolve) => get(`${server!.url}/streams/texts`, resolve));
    response.pause();
    await expect.poll(() => server!.streams.readers.slowest('texts')).toBe(0);
    producer = produce(server.streams, window, (n) => `${n} ${large}`);
    const made = await stopped(producer.state);
    // What the sockets of both sides hold, what the link may hold, and the window.
    expect(made).toBeLessThan(2000);
    const [written] = server.gateway.connections().map(({ reading }) => reading[0]!.next);
    expect(made - written!).toBeLessThanOrEqual(window);
    let seen = 0;
    response.on('data', () => seen++).resume();
    await expect.poll(() => producer!.state.made).toBeGreaterThan(made);
    expect(seen).toBeGreaterThan(0);
    response.destroy();
  });
});
