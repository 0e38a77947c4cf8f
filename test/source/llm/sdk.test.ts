import { Anthropic } from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { Ollama } from 'ollama';
import { OpenAI } from 'openai';
import { firstValueFrom, filter } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { fromAnthropic } from '../../../src/source/llm/anthropic.js';
import { fromGemini } from '../../../src/source/llm/gemini.js';
import type { LlmEvent, LlmFormat } from '../../../src/source/llm/llm.js';
import { fromOllama } from '../../../src/source/llm/ollama.js';
import { fromOpenAiChat } from '../../../src/source/llm/openai-chat.js';
import { fromOpenAiResponses } from '../../../src/source/llm/openai-responses.js';
import { bySdk, endless, named, type Provider, type ProviderOptions, startProvider } from './provider.js';
import { all, eventsOf, formats, readers, type Recording, recordings, saidIn, seeded, slices } from './reading.js';

const running: Provider[] = [];

async function serve(pieces: () => Iterable<string | Uint8Array>, options?: ProviderOptions): Promise<Provider> {
  const provider = await startProvider(pieces, options);
  running.push(provider);
  return provider;
}

afterEach(async () => {
  for (const provider of running.splice(0)) await provider.close();
});

/** As a server would send it: one recording was kept without its framing. */
function framed({ name, bytes }: Recording): Uint8Array {
  if (!name.endsWith('.jsonl')) return bytes;
  const lines = bytes.toString('utf8').trim().split('\n');
  return Buffer.from(lines.map((line) => named(JSON.parse(line) as { type: string })).join(''));
}

function cut(recording: Recording): Uint8Array[] {
  const bytes = framed(recording);
  const random = seeded(bytes.length);
  // Some hundreds of pieces, whatever the length.
  return slices(bytes, () => 1 + Math.floor((random() * bytes.length) / 100));
}

const has = (name: string): boolean => failures.has(name);

/** What the clients make of the recordings in which a provider fails: some do not say all they were told. */
const failures = new Map<string, object>([
  ['openrouter-comments-midstream-error.sse', { trouble: 'provider', message: 'Token limit reached', status: 400 }],
  ['groq-event-error-midstream.sse', { trouble: 'provider', code: 'tool_use_failed' }],
  // The client ends here without a word.
  ['gpustack-qwen3-nonstandard-error-line.sse', { trouble: 'truncated' }],
  ['openai-responses-error-quota.jsonl', { trouble: 'provider', code: 'insufficient_quota' }],
  ['gemini-error-midstream-bare-json.sse', { trouble: 'truncated' }],
]);

const known = recordings();
const good = known.filter(({ name }) => !has(name)).map((recording) => [recording.name, recording] as const);
const bad = known.filter(({ name }) => has(name)).map((recording) => [recording.name, recording] as const);

describe.skipIf(known.length === 0)('the clients of the providers', () => {
  it.each(good)('say the same as the bytes: %s', async (_, recording) => {
    const { format } = recording;
    const { url } = await serve(() => cut(recording));
    const events = await eventsOf(format, bySdk(format, url));
    expect(events).toEqual(await eventsOf(format, [recording.bytes]));
    const fetched = await eventsOf(format, (signal: AbortSignal) => fetch(url, { signal }));
    expect(fetched).toEqual(events);
  });

  it.each(bad)('fail where the bytes fail: %s', async (name, recording) => {
    const { format } = recording;
    const { url } = await serve(() => cut(recording));
    const [bySdkSaid, byBytesSaid] = [
      saidIn(await eventsOf(format, bySdk(format, url))),
      saidIn(await eventsOf(format, [recording.bytes])),
    ];
    expect(bySdkSaid.end).toMatchObject({ type: 'error', ...failures.get(name) });
    expect(byBytesSaid.end).toMatchObject({ type: 'error', trouble: 'provider' });
    expect(bySdkSaid.text).toEqual(byBytesSaid.text);
  });
});

describe.each(formats)('an answer by the client of %s', (format) => {
  const answer = (url: string, options = {}) => readers[format](bySdk(format, url) as never, options);

  it('is stopped at the provider when nobody wants it any more', async () => {
    const provider = await serve(() => endless(format));
    const first = await firstValueFrom(answer(provider.url).pipe(filter(({ type }) => type === 'text-delta')));
    expect(first).toMatchObject({ delta: 'word ' });
    // It would write for ever.
    expect(await provider.closed).toBeGreaterThan(0);
  });

  it('is stopped at the provider when it is called off, and says so', async () => {
    const provider = await serve(() => endless(format));
    const controller = new AbortController();
    const events: LlmEvent[] = [];
    const ended = all(answer(provider.url, { signal: controller.signal }));
    const looking = answer(provider.url).subscribe((event) => {
      events.push(event);
      controller.abort();
    });
    expect((await ended).at(-1)).toMatchObject({ type: 'abort' });
    looking.unsubscribe();
    await provider.closed;
  });

  it('is stopped while nothing comes', async () => {
    const some = endless(format);
    const provider = await serve(() => Array.from({ length: 3 }, () => some.next().value as string), { after: 'stay' });
    const events: LlmEvent[] = [];
    const subscription = answer(provider.url).subscribe((event) => events.push(event));
    await expect.poll(() => events.length).toBeGreaterThan(2);
    subscription.unsubscribe();
    await provider.closed;
  });

  it('fails where the connection breaks', async () => {
    const some = endless(format);
    const pieces = (): string[] => Array.from({ length: 3 }, () => some.next().value as string);
    const { url } = await serve(pieces, { after: 'break' });
    const events = await all(answer(url));
    expect(events.at(-1)).toMatchObject({ type: 'error', trouble: 'transport', retryable: true });
  });

  it('is truncated where the bytes end in good order', async () => {
    const some = endless(format);
    const { url } = await serve(() => Array.from({ length: 3 }, () => some.next().value as string));
    const { end, text } = saidIn(await all(answer(url)));
    expect(end).toMatchObject({ type: 'error', trouble: 'truncated', retryable: true });
    expect(text).toEqual(['word word ']);
  });

  it('fails with what the provider says when it refuses', async () => {
    const error = { message: 'slow down', type: 'rate_limit_error', code: 429, status: 'RESOURCE_EXHAUSTED' };
    const body = JSON.stringify(format === 'ollama' ? { error: 'slow down' } : { type: 'error', error });
    const { url } = await serve(() => [body], {
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '3' },
    });
    const events = await all(answer(url));
    expect(events).toHaveLength(1);
    const said = {
      type: 'error',
      trouble: 'provider',
      status: 429,
      retryable: true,
      message: expect.stringContaining('slow down') as string,
    };
    expect(events[0]).toMatchObject(said);
    // Not all clients hand on the headers.
    const waits: readonly LlmFormat[] = ['openai-chat', 'openai-responses', 'anthropic'];
    if (waits.includes(format)) expect(events[0]).toMatchObject({ retryAfterMs: 3000 });
  });
});

describe('a stream of a client that is there already', () => {
  it.each<LlmFormat>(['openai-chat', 'openai-responses', 'anthropic', 'ollama'])(
    'is stopped at the provider: %s',
    async (format) => {
      const provider = await serve(() => endless(format));
      const stream = await bySdk(format, provider.url)(new AbortController().signal);
      await firstValueFrom(readers[format](stream as never).pipe(filter(({ type }) => type === 'text-delta')));
      await provider.closed;
    },
  );

  it.each<LlmFormat>(['openai-chat', 'anthropic'])(
    'ends as an abort where somebody else aborts it in silence: %s',
    async (format) => {
      const { url } = await serve(() => endless(format));
      const stream = (await bySdk(format, url)(new AbortController().signal)) as unknown as {
        controller: AbortController;
      };
      const events: LlmEvent[] = [];
      const end = await new Promise<unknown>((resolve) => {
        readers[format](stream as never).subscribe({
          next: (event) => {
            events.push(event);
            if (event.type === 'text-delta') stream.controller.abort();
          },
          error: ({ end: last }: { end: unknown }) => resolve(last),
          complete: () => resolve('completed'),
        });
      });
      expect(end).toMatchObject({ type: 'abort' });
    },
  );
});

it('takes the types of the clients as they are', () => {
  const openai = new OpenAI({ apiKey: 'none' });
  const messages = [{ role: 'user' as const, content: 'hello' }];
  const answers = [
    fromOpenAiChat((signal) => openai.chat.completions.create({ model: 'm', messages, stream: true }, { signal })),
    fromOpenAiChat(() => openai.chat.completions.stream({ model: 'm', messages })),
    fromOpenAiResponses((signal) => openai.responses.create({ model: 'm', input: 'x', stream: true }, { signal })),
    fromOpenAiResponses((signal) => openai.responses.retrieve('r', { stream: true, starting_after: 7 }, { signal })),
    fromAnthropic((signal) =>
      new Anthropic({ apiKey: 'none' }).messages.create(
        { model: 'm', max_tokens: 9, messages, stream: true },
        { signal },
      ),
    ),
    fromGemini((abortSignal) =>
      new GoogleGenAI({ apiKey: 'none' }).models.generateContentStream({
        model: 'm',
        contents: 'x',
        config: { abortSignal },
      }),
    ),
    fromOllama(() => new Ollama().chat({ model: 'm', messages, stream: true })),
    fromOllama(() => new Ollama().generate({ model: 'm', prompt: 'x', stream: true })),
  ];
  // Nothing is asked before somebody subscribes.
  expect(answers).toHaveLength(8);
});
