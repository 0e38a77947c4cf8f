import { OpenAI } from 'openai';
import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, model, startEndpoint } from '../examples/llm/endpoint.js';
import { Parrot } from '../examples/llm/parrot.js';
import { fromOpenAiChat } from '../src/source/llm/openai-chat.js';
import { run } from './run.js';
import { all, saidIn } from './source/llm/reading.js';

const none = {
  OPENAI_API_KEY: undefined,
  OPENAI_BASE_URL: undefined,
  ANTHROPIC_API_KEY: undefined,
  GEMINI_API_KEY: undefined,
  OLLAMA_HOST: undefined,
  TOKENS_PER_SECOND: '2000',
};

describe('the parrot', () => {
  const parrot = new Parrot('. The whale is white. The sea is blue. The whale is old! The sea is deep?');

  it('says what may follow, and the same to the same question', () => {
    const said = [...parrot.say('What of the whale?', 40).tokens].join('');
    expect(said).toMatch(/^The (?:whale|sea) is (?:white|blue|old|deep)[.!?]/);
    expect([...parrot.say('What of the whale?', 40).tokens].join('')).toBe(said);
  });

  it('says why it stopped', () => {
    const [long, short] = [parrot.say('', 200), parrot.say('', 3)];
    expect([...long.tokens].join('').match(/[.!?]/g)).toHaveLength(4);
    expect([[...short.tokens].length, short.reason(), long.reason()]).toEqual([3, 'length', 'stop']);
  });
});

describe("the parrot's endpoint", () => {
  let endpoint: Endpoint;
  let client: OpenAI;
  beforeAll(async () => {
    endpoint = await startEndpoint({ tokensPerSecond: 2000 });
    client = new OpenAI({ apiKey: 'none', baseURL: endpoint.url, maxRetries: 0 });
  });
  afterAll(() => endpoint.close());

  const messages = [{ role: 'user' as const, content: 'What of Ahab?' }];
  const ask = (more: object = {}) =>
    fromOpenAiChat((signal) => client.chat.completions.create({ model, messages, stream: true, ...more }, { signal }));

  it("answers OpenAI's client, token by token, and says what it is", async () => {
    const events = await all(ask({ stream_options: { include_usage: true } }));
    const { text, end } = saidIn(events);
    expect(events[0]).toMatchObject({ type: 'start', model });
    expect(text[0]!.length).toBeGreaterThan(20);
    const deltas = events.filter(({ type }) => type === 'text-delta').length;
    expect(end).toMatchObject({ type: 'finish', usage: { outputTokens: deltas } });
    const whole = await client.chat.completions.create({ model, messages });
    expect(whole.choices[0]!.message.content).toBe(text[0]);
    expect(whole.system_fingerprint).toContain('no language model');
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model]);
  });

  it('says no more than it is asked to', async () => {
    const events = await all(ask({ max_tokens: 5 }));
    expect(events.filter(({ type }) => type === 'text-delta')).toHaveLength(5);
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'length' });
  });

  it('is asked again after somebody has left', async () => {
    await firstValueFrom(ask({ max_tokens: 1_000_000 }).pipe(filter(({ type }) => type === 'text-delta')));
    expect((await all(ask())).at(-1)).toMatchObject({ type: 'finish' });
  });

  it('refuses what it cannot answer', async () => {
    const post = (body: string): Promise<Response> =>
      fetch(`${endpoint.url}/chat/completions`, { method: 'POST', body });
    expect((await post('{')).status).toBe(400);
    expect((await post('{"messages":1}')).status).toBe(400);
    expect((await fetch(`${endpoint.url}/embeddings`)).status).toBe(404);
    const [refused] = await all(fromOpenAiChat(() => post('{')));
    expect(refused).toMatchObject({ type: 'error', trouble: 'provider', status: 400, retryable: false });
  });
});

describe('examples/llm', () => {
  it('asks the parrot where there is no key, and says how it ended', async () => {
    const { code, stdout, stderr } = await run('examples/llm/main.ts', ['What of Ahab?'], none as never).ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(
      /no language model\) is asked: What of Ahab\?\n\n.+\n\nfinished: (?:stop|length), \d+ tokens\n$/s,
    );
  });
});
