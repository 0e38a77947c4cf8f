import fc from 'fast-check';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chunk, createChunk, errorCodes } from 'sluice/chunk';
import { type Client, createClient } from 'sluice/client';
import { type Server, serve } from 'sluice/node';
import { closeCodes } from 'sluice/protocol';
import { createWebSocketTransport } from 'sluice/transport/websocket/client';

/** Names a hostile client may use: right, wrong and somebody else's. */
const name = fc.oneof(
  fc.constantFrom(
    'good',
    'fuzz/a',
    'fuzz/b',
    '',
    '..',
    'a/../b',
    'a//b',
    'a\u0000b',
    'x'.repeat(600),
    '__proto__',
    '\ud800',
  ),
  fc.string(),
);
const number = fc.oneof(fc.nat(300), fc.constantFrom(-1, 0.5, 2 ** 53, 1e308, NaN), fc.maxSafeNat());
const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), number, name);
const head = fc.oneof(
  fc.record({ type: fc.constant('text'), data: fc.string(), size: fc.nat(20), timestamp: fc.nat() }),
  fc.record({ type: fc.constantFrom('text', 'json', 'binary'), data: anything, size: number, timestamp: number }),
  fc.constant(JSON.parse('{"type":"json","data":{"__proto__":{"x":1}},"size":23,"timestamp":1}') as object),
  anything,
);

/** Frames that are right, nearly right and wrong in every field. */
const frame = fc.oneof(
  fc.record({
    t: fc.constant('subscribe'),
    stream: name,
    from: fc.oneof(fc.constantFrom('beginning', 'now'), number),
    chunks: number,
    bytes: number,
  }),
  fc.record({ t: fc.constant('credit'), ch: number, chunks: number, bytes: number }),
  fc.record({ t: fc.constant('unsubscribe'), ch: number }),
  fc.record({ t: fc.constant('nack'), ch: number, ranges: fc.array(fc.tuple(number, number), { maxLength: 3 }) }),
  fc.record({
    t: fc.constant('publish'),
    stream: fc.constantFrom('fuzz/a', 'fuzz/b', '..', 'good'),
    producer: fc.constantFrom('p', 'q', '', 'x'.repeat(300)),
    epoch: number,
    seq: number,
    chunks: fc.array(head, { maxLength: 3 }),
  }),
  fc.record({ t: fc.constant('cancel'), stream: fc.constantFrom('fuzz/b', '..', 'nobody') }),
  fc.record({ t: fc.constant('ping'), grants: fc.array(fc.tuple(number, number, number), { maxLength: 3 }) }),
  fc.dictionary(fc.string(), anything),
);
const text = fc.oneof(
  fc.array(frame, { minLength: 1, maxLength: 4 }).map((frames) => frames.map((one) => JSON.stringify(one)).join('\n')),
  fc.string(),
  fc.json(),
);
const message = fc.oneof({ weight: 6, arbitrary: text }, { weight: 2, arbitrary: fc.uint8Array({ maxLength: 80 }) });

const named = new Set<number>(Object.values(closeCodes));

describe('a gateway among hostile clients', () => {
  let server: Server;
  let client: Client;

  beforeAll(async () => {
    server = await serve({ port: 0 });
    client = createClient({ transport: createWebSocketTransport({ url: server.url, WebSocket }) });
  });
  afterAll(async () => {
    client.close();
    await server.close();
  });

  it('answers any bytes in any order with named errors and close codes, and serves the others on', async () => {
    const got: Chunk[] = [];
    await server.streams.create('good');
    const reading = client.receive('good').subscribe((chunk) => got.push(chunk));
    let published = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
        const { answers, code } = await attack(server.url, messages);
        for (const answer of answers) if (answer.t === 'error') expect(errorCodes).toContain(answer.code);
        expect(named).toContain(code);
        await client.publish('good', [createChunk({ streamId: 'good', seq: 0, data: `still here ${published++}` })]);
      }),
      { numRuns: 300 },
    );
    await expect.poll(() => got.filter(({ data }) => String(data).startsWith('still here')).length).toBe(published);
    reading.unsubscribe();
    // The attackers may write to the stream as well, but nobody's chunk is lost, doubled or out of order.
    expect(got.map(({ seq }) => seq)).toEqual(got.map((_, n) => n));
    const mine = got.map(({ data }) => String(data)).filter((data) => data.startsWith('still here'));
    expect(mine).toEqual(mine.map((_, n) => `still here ${n}`));
  }, 60_000);

  it('keeps whole frames or nothing: what it kept reads back without a gap', async () => {
    for (const { streamId, status, next } of await server.streams.list('fuzz/')) {
      const seqs: number[] = [];
      if (status === 'active') await server.streams.close(streamId);
      try {
        for await (const { seq } of server.streams.read(streamId)) seqs.push(seq);
      } catch (error) {
        expect(error).toMatchObject({ code: 'stream-cancelled' });
      }
      expect(seqs).toEqual(Array.from({ length: next }, (_, n) => n));
    }
  });
});

interface Answer {
  readonly t: string;
  readonly code?: string;
}

/** Sends messages on a connection of its own, and hears what comes until it is closed or all is answered. */
async function attack(
  url: string,
  messages: readonly (string | Uint8Array)[],
): Promise<{ answers: Answer[]; code: number }> {
  const socket = new WebSocket(url, 'sluice.v1');
  const answers: Answer[] = [];
  return await new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('open', () => {
      for (const one of messages) socket.send(one);
      socket.send('{"t":"ping","grants":[]}');
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) return;
      for (const line of String(data).split('\n')) answers.push(JSON.parse(line) as Answer);
      if (answers.some(({ t }) => t === 'pong')) socket.close(1000);
    });
    socket.on('close', (code) => resolve({ answers, code }));
  });
}
