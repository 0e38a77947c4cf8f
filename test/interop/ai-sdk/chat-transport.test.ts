import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createChatTransport,
  type ChatTransport,
  type SendMessages,
} from '../../../src/interop/ai-sdk/chat-transport.js';
import type { ChatTransport as Transport5, UIMessage as Message5 } from 'ai5';
import type { ChatTransport as Transport6, UIMessage as Message6 } from 'ai6';
import { runHeader } from '../../../src/interop/ai-sdk/chat-place.js';
import { type Office, openOffice } from './chats.js';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const message = { id: 'u', role: 'user', parts: [] } as never;
const asked = (more: Partial<SendMessages<never>> = {}): SendMessages<never> => ({
  trigger: 'submit-message',
  chatId: 'c',
  messageId: undefined,
  messages: [message],
  abortSignal: undefined,
  ...more,
});

async function read(stream: ReadableStream<unknown>): Promise<unknown[]> {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function open(): Office {
  const office = openOffice();
  onTestFinished(() => office.chat.dispose());
  return office;
}

const words = Array.from({ length: 20 }, (_, i) => `word ${i} \u{1f40b} `);

/** Lets an answer be given as soon as it is asked for. */
async function speak({ answers }: Office): Promise<void> {
  await expect.poll(() => answers.length).toBe(1);
  answers[0]!.say(...words);
  answers[0]!.finish();
}

/** Breaks every answer behind so many bytes: by an end, or by an error. */
function cutting(fetch: Fetch, bytes: () => number, how: 'end' | 'error', log: string[] = []): Fetch {
  return async (url, init) => {
    log.push(`${init.method} ${new Headers(init.headers).get('last-event-id') ?? ''}`);
    const response = await fetch(url, init);
    if (response.body === null) return response;
    let left = bytes();
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value.subarray(0, left));
        left -= value.byteLength;
        if (left > 0) return;
        await reader.cancel();
        if (how === 'end') controller.close();
        else controller.error(new TypeError('terminated'));
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

const deltas = (chunks: readonly unknown[]) =>
  chunks.flatMap((chunk) =>
    (chunk as { type: string }).type === 'text-delta' ? [(chunk as { delta: string }).delta] : [],
  );

describe('createChatTransport', () => {
  it('is a ChatTransport of both major versions', () => {
    const transport = createChatTransport<never>();
    const five: Transport5<Message5> = transport as ChatTransport<Message5> as Transport5<Message5>;
    const six: Transport6<Message6> = transport as ChatTransport<Message6> as Transport6<Message6>;
    expect([five, six]).toEqual([transport, transport]);
  });

  it.each([
    ['end', 1],
    ['error', 1],
    ['end', 60],
    ['error', 177],
    ['error', 401],
  ] as const)(
    'goes on when connections %s after %i bytes more each time, with nothing lost and nothing twice',
    async (how, step) => {
      const office = open();
      let bytes = 3;
      const fetch = cutting(office.fetch, () => (bytes += step), how);
      const transport = createChatTransport<never>({ fetch, maxRetries: 400, initialDelayMs: 1, maxDelayMs: 1 });
      const stream = await transport.sendMessages(asked());
      const [chunks] = await Promise.all([read(stream), speak(office)]);
      expect(deltas(chunks)).toEqual(words);
      expect(chunks.map((chunk) => (chunk as { type: string }).type).filter((type) => type !== 'text-delta')).toEqual([
        'start',
        'start-step',
        'text-start',
        'text-end',
        'finish-step',
        'finish',
      ]);
    },
  );

  it('asks for what comes behind the last chunk it has', async () => {
    const office = open();
    const log: string[] = [];
    let bytes = 0;
    const transport = createChatTransport<never>({ fetch: cutting(office.fetch, () => (bytes += 500), 'end', log) });
    const [chunks] = await Promise.all([read(await transport.sendMessages(asked())), speak(office)]);
    expect(deltas(chunks)).toEqual(words);
    expect(log.length).toBeGreaterThan(2);
    expect(log[0]).toBe('POST ');
    const places = log.slice(1).map((line) => Number(/^GET [\w-]+\.(-?\d+)$/.exec(line)?.[1]));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('hangs up on a server that has fallen silent, and asks again', async () => {
    const office = open();
    let requests = 0;
    const fetch: Fetch = async (url, init) => {
      const response = await office.fetch(url, init);
      if (requests++ > 0) return response;
      return new Response(new ReadableStream(), { headers: response.headers });
    };
    const transport = createChatTransport<never>({ fetch, idleMs: 50 });
    const [chunks] = await Promise.all([read(await transport.sendMessages(asked())), speak(office)]);
    expect(deltas(chunks)).toEqual(words);
  });

  it('gives up when a connection breaks too often in a row', async () => {
    const office = open();
    const fetch: Fetch = async (url, init) => {
      if (init.method === 'GET') throw new TypeError('fetch failed');
      return await cutting(office.fetch, () => 30, 'error')(url, init);
    };
    const transport = createChatTransport<never>({ fetch, maxRetries: 3, initialDelayMs: 1, random: () => 1 });
    await expect(read(await transport.sendMessages(asked()))).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it.each([
    [204, 'stream-not-found'],
    [403, 'connection-refused'],
  ])('gives up when the server answers %i', async (status, code) => {
    const fetch: Fetch = (_, { method }) =>
      Promise.resolve(
        new Response(method === 'POST' ? '' : status === 204 ? null : 'no', {
          status: method === 'POST' ? 200 : status,
          headers: { [runHeader]: 'r' },
        }),
      );
    const transport = createChatTransport<never>({ fetch });
    await expect(read(await transport.sendMessages(asked()))).rejects.toMatchObject({ code });
  });

  it('tries again when the server has trouble of its own', async () => {
    const office = open();
    let requests = 0;
    const fetch: Fetch = async (url, init) => {
      requests++;
      if (requests === 1) return await cutting(office.fetch, () => 1, 'end')(url, init);
      return requests < 4
        ? new Response('busy', { status: requests === 2 ? 503 : 429 })
        : await office.fetch(url, init);
    };
    const transport = createChatTransport<never>({ fetch, initialDelayMs: 1, maxDelayMs: 1 });
    const [chunks] = await Promise.all([read(await transport.sendMessages(asked())), speak(office)]);
    expect([deltas(chunks), requests]).toEqual([words, 4]);
  });

  const plain =
    (text: string): Fetch =>
    () =>
      Promise.resolve(new Response(text));
  const chunk = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;

  it('reads servers that know no places, and tells when one is cut', async () => {
    const start = chunk({ type: 'start' });
    const finish = chunk({ type: 'finish' });
    const readFrom = async (text: string) =>
      await read(await createChatTransport<never>({ fetch: plain(text) }).sendMessages(asked()));
    expect(await readFrom(`${start}${finish}data: [DONE]\n\ndata: behind\n\n`)).toHaveLength(2);
    expect(await readFrom(start + finish)).toHaveLength(2);
    await expect(readFrom(start)).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(readFrom(`${start}data: {"type"`)).rejects.toMatchObject({ code: 'connection-lost' });
  });

  it.each([
    ['no JSON', 'data: {no}\n\n', 'data-malformed'],
    ['no chunk', 'data: null\n\n', 'data-malformed'],
    ['without a type', 'data: {"type":3}\n\n', 'data-malformed'],
    ['at no place', 'id: here\ndata: {"type":"start"}\n\n', 'data-malformed'],
    ['too large', chunk({ type: 'error', errorText: 'x'.repeat(2000) }), 'overflow'],
  ])('fails when a chunk is %s', async (_, text, code) => {
    const transport = createChatTransport<never>({ fetch: plain(text), maxEventBytes: 1000 });
    await expect(read(await transport.sendMessages(asked()))).rejects.toMatchObject({ code });
  });

  it('leaves out what comes a second time', async () => {
    const events = ['r.0', 'r.1', 'r.0', 'r.1', 'r.2'].map(
      (id) => `id: ${id}\n${chunk({ type: 'start', messageId: id })}`,
    );
    const transport = createChatTransport<never>({ fetch: plain(`${events.join('')}data: [DONE]\n\n`) });
    expect(await read(await transport.sendMessages(asked()))).toHaveLength(3);
  });

  it('stops the answer for everybody, unless it is told that this is for one page only', async () => {
    for (const stopOnAbort of [true, false]) {
      const office = open();
      const controller = new AbortController();
      const stream = await office.transport({ stopOnAbort }).sendMessages(asked({ abortSignal: controller.signal }));
      await expect.poll(() => office.answers.length).toBe(1);
      const reader = stream.getReader();
      await reader.read();
      const pending = Promise.all([reader.read(), reader.read(), reader.read(), reader.read()]);
      controller.abort();
      await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
      if (stopOnAbort) await expect.poll(() => office.answers[0]!.signal.aborted).toBe(true);
      else office.answers[0]!.finish();
    }
  });

  it('stops nothing behind the end of an answer', async () => {
    const office = open();
    const methods: string[] = [];
    const fetch: Fetch = (url, init) => (methods.push(init.method!), office.fetch(url, init));
    const controller = new AbortController();
    const stream = await createChatTransport<never>({ fetch }).sendMessages(asked({ abortSignal: controller.signal }));
    await Promise.all([read(stream), speak(office)]);
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(methods).toEqual(['POST']);
  });

  it('gives up at once when it is aborted before or while it waits', async () => {
    const office = open();
    const transport = office.transport();
    const aborted = asked({ abortSignal: AbortSignal.abort() });
    await expect(transport.sendMessages(aborted).then(read)).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    let requests = 0;
    const fetch: Fetch = async (url, init) => {
      if (requests++ === 0) return await cutting(office.fetch, () => 1, 'end')(url, init);
      setTimeout(() => controller.abort());
      throw new TypeError('fetch failed');
    };
    const waiting = createChatTransport<never>({
      fetch,
      initialDelayMs: 100_000,
      maxDelayMs: 100_000,
      random: () => 1,
      stopOnAbort: false,
    });
    const stream = await waiting.sendMessages(asked({ abortSignal: controller.signal }));
    await expect(read(stream)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('sends what it is told to send', async () => {
    const seen: [string, RequestInit][] = [];
    const fetch: Fetch = (url, init) => (seen.push([url, init]), Promise.resolve(new Response(null, { status: 204 })));
    const transport = createChatTransport<never>({
      api: '/talk',
      headers: () => Promise.resolve({ authorization: 'Bearer 1' }),
      body: { model: 'm' },
      credentials: 'include',
      fetch,
    });
    expect(await transport.reconnectToStream({ chatId: 'a/b', headers: { extra: '1' } })).toBeNull();
    await transport.stop('a/b');
    await transport.sendMessages(asked({ body: { temperature: 0 }, headers: new Headers({ extra: '2' }) }));
    expect(seen.map(([url, { method, headers }]) => [url, method, Object.fromEntries(new Headers(headers))])).toEqual([
      ['/talk/a%2Fb/stream', 'GET', { authorization: 'Bearer 1', extra: '1' }],
      ['/talk/a%2Fb/stream', 'DELETE', { authorization: 'Bearer 1' }],
      ['/talk', 'POST', { authorization: 'Bearer 1', extra: '2', 'content-type': 'application/json' }],
    ]);
    expect(seen[2]![1].credentials).toBe('include');
    expect(JSON.parse(seen[2]![1].body as string)).toEqual({
      model: 'm',
      temperature: 0,
      id: 'c',
      messages: [message],
      trigger: 'submit-message',
    });
  });

  it.each([
    ['what it said', 'too many', 'too many'],
    ['its status', '', 'the server answers with 429'],
  ])('says of a refusal %s', async (_, text, said) => {
    const fetch: Fetch = () => Promise.resolve(new Response(text, { status: 429 }));
    const transport = createChatTransport<never>({ fetch, headers: { a: '1' } });
    await expect(transport.sendMessages(asked())).rejects.toThrow(said);
  });

  it.each([{ maxRetries: -1 }, { idleMs: 0 }, { maxEventBytes: 0.5 }, { initialDelayMs: 0 }, { maxDelayMs: NaN }])(
    'refuses %j',
    (options) => {
      expect(() => createChatTransport(options)).toThrow(RangeError);
    },
  );
});
