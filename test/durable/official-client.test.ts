import { DurableStream, IdempotentProducer, stream } from '@durable-streams/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Server } from '../../src/node/serve.js';
import { encodedTexts } from '../bodies.js';

let server: Server;
beforeAll(async () => {
  server = await serve({ port: 0, durable: { longPollTimeoutMs: 300 } });
});
afterAll(() => server.close());

const url = (name: string) => `${server.url}/v1/stream/${name}`;

describe('the official client', () => {
  it('writes what everybody reads, and reads what everybody writes', async () => {
    const handle = await DurableStream.create({ url: url('chat/1'), contentType: 'text/plain' });
    await handle.append('Call me ');
    await server.streams.append('chat/1', encodedTexts('Ishmael.'));
    expect(await (await stream({ url: url('chat/1'), live: false })).text()).toBe('Call me Ishmael.');
    const data: unknown[] = [];
    await handle.close();
    for await (const chunk of server.streams.read('chat/1')) data.push(chunk.data);
    expect(data).toEqual(['Call me ', 'Ishmael.']);
  });

  it.each(['long-poll', 'sse'] as const)('follows over %s to the end', async (live) => {
    const name = `live/${live}`;
    const handle = await DurableStream.create({ url: url(name), contentType: 'application/json' });
    await handle.append(JSON.stringify({ n: 0 }));
    const reading = (async () => {
      const answer = await stream<{ n: number }>({ url: url(name), offset: '-1', live });
      const seen: number[] = [];
      for await (const { n } of answer.jsonStream()) seen.push(n);
      return seen;
    })();
    for (let n = 1; n < 20; n++) await handle.append(JSON.stringify({ n }));
    await handle.close();
    expect(await reading).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('produces in batches, each once', async () => {
    const handle = await DurableStream.create({ url: url('events'), contentType: 'application/json' });
    const producer = new IdempotentProducer(handle, 'maker', { autoClaim: true });
    for (let n = 0; n < 500; n++) producer.append(JSON.stringify(n));
    await producer.flush();
    await producer.close();
    expect(await (await fetch(url('events'))).json()).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });
});
