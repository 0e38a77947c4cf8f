import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import type { OpenAiChatOptions } from '../../../src/source/llm/openai-chat.js';
import { dataFile } from '../../data.js';
import { eventsOf, saidIn, sse } from './reading.js';

const delta = (of: object, more: object = {}): object => ({
  id: 'x',
  model: 'm',
  choices: [{ index: 0, delta: of }],
  ...more,
});
const stop = (reason = 'stop', more: object = {}): object => ({
  choices: [{ index: 0, delta: {}, finish_reason: reason }],
  ...more,
});

const read = (items: readonly unknown[], options?: OpenAiChatOptions): Promise<readonly LlmEvent[]> =>
  eventsOf('openai-chat', [sse(...items)], options);
const readAll = (...items: readonly unknown[]): Promise<readonly LlmEvent[]> => read([...items, stop(), '[DONE]']);

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: unknown): object =>
  delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }] });

/** Names and inputs of the calls, those that are no JSON in brackets. */
async function callsOf(...items: readonly unknown[]): Promise<string[]> {
  const events = await read([...items, stop('tool_calls'), '[DONE]']);
  return events.flatMap((event) => {
    if (event.type === 'tool-call') return [`${event.toolCallId} ${event.toolName} ${event.inputText}`];
    return event.type === 'tool-input-error' ? [`(${event.inputText})`] : [];
  });
}

describe('fromOpenAiChat', () => {
  it('says who answers', async () => {
    const [start] = await readAll(delta({ content: 'a' }));
    expect(start).toEqual({ type: 'start', format: 'openai-chat', id: 'x', model: 'm' });
  });

  it('begins where there is a choice, and takes an empty name for none', async () => {
    const azure = { choices: [], id: '', model: '', prompt_filter_results: [] };
    const [start] = await readAll(azure, { choices: [{ index: 0, delta: { content: 'a' } }], id: '' });
    expect(start).toEqual({ type: 'start', format: 'openai-chat' });
  });

  it.each(['reasoning_content', 'reasoning'])(
    'knows thoughts by %s, and ends them where the text begins',
    async (name) => {
      const events = await readAll(
        delta({ [name]: 'h' }),
        delta({ [name]: 'm' }),
        delta({ content: 'a', [name]: null }),
      );
      expect(events.slice(1, 8)).toEqual([
        { type: 'reasoning-start', id: 'reasoning-0' },
        { type: 'reasoning-delta', id: 'reasoning-0', delta: 'h' },
        { type: 'reasoning-delta', id: 'reasoning-0', delta: 'm' },
        { type: 'reasoning-end', id: 'reasoning-0' },
        { type: 'text-start', id: 'text-1' },
        { type: 'text-delta', id: 'text-1', delta: 'a' },
        { type: 'text-end', id: 'text-1' },
      ]);
    },
  );

  it('begins a new thought behind a text', async () => {
    const events = await readAll(delta({ content: 'a' }), delta({ reasoning: 'b' }), delta({ content: 'c' }));
    const starts = events.flatMap((event) => (event.type.endsWith('-start') ? [(event as { id: string }).id] : []));
    expect(starts).toEqual(['text-0', 'reasoning-1', 'text-2']);
  });

  it('reads lists of thoughts and text', async () => {
    const thinking = [
      { type: 'text', text: 'h' },
      { type: 'text', text: 'm' },
    ];
    const parts = [
      { type: 'thinking', thinking },
      { type: 'thinking', thinking: '!' },
      { type: 'reference' },
      { type: 'text', text: 'a' },
    ];
    const { text, reasoning } = saidIn(await readAll(delta({ content: parts })));
    expect([text, reasoning]).toEqual([['a'], 'hm!']);
  });

  it('hands on refusals, sound and what the answer rests on', async () => {
    const citation = { url: 'https://a.example', title: 'A' };
    const events = await readAll(
      delta({ refusal: 'no' }),
      { choices: [{ index: 1, delta: { refusal: 'no' }, finish_reason: 'stop' }] },
      delta({ audio: { id: 'x', data: 'YQ==' } }),
      delta({ audio: { transcript: 'hi' } }),
      delta({ audio: { id: 'x' } }),
      delta({ annotations: [{ type: 'url_citation', url_citation: citation }] }),
      delta({}, { citations: ['https://a.example', 'https://b.example', 5] }),
      delta({}, { citations: ['https://b.example'] }),
    );
    expect(events.slice(1, -1)).toEqual([
      { type: 'refusal-delta', delta: 'no' },
      { type: 'refusal-delta', delta: 'no', choice: 1 },
      { type: 'audio-delta', delta: 'YQ==' },
      { type: 'audio-delta', delta: '', transcript: 'hi' },
      { type: 'source', id: 'source-0', url: 'https://a.example', title: 'A', raw: citation },
      { type: 'source', id: 'source-1', url: 'https://b.example', raw: { url: 'https://b.example' } },
    ]);
  });

  it('takes the last figures for what it took, wherever they stand', async () => {
    const first = delta({ content: 'a' }, { usage: { prompt_tokens: 1 } });
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 2,
      total_tokens: 5,
      prompt_tokens_details: { cached_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 1 },
    };
    const known = {
      inputTokens: 3,
      outputTokens: 2,
      totalTokens: 5,
      reasoningTokens: 1,
      cachedInputTokens: 1,
      raw: usage,
    };
    const events = await read([first, stop(), { choices: [], usage }, '[DONE]']);
    expect(events.slice(-2)).toMatchObject([
      { type: 'usage', usage: known },
      { type: 'finish', usage: known },
    ]);
    const groq = await read([first, stop('stop', { x_groq: { usage } }), '[DONE]']);
    expect(groq.at(-2)).toEqual({ type: 'usage', usage: known });
  });

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['content_filter', 'content-filter'],
    ['error', 'error'],
    ['weather', 'other'],
  ])('knows why it stopped by %s', async (raw, finishReason) => {
    const events = await read([delta({ content: 'a' }), stop(raw), stop('repeated'), '[DONE]']);
    expect(events.at(-1)).toEqual({ type: 'finish', finishReason, rawFinishReason: raw });
  });

  describe('calls', () => {
    const whole = ['a x {"n":1}', 'b y {"n":2}'];

    it('are told apart by their index', async () => {
      const items = [
        call(0, 'a', 'x', '{"n"'),
        call(1, 'b', 'y', '{"n"'),
        call(0, undefined, undefined, ':1}'),
        call(1, '', '', ':2}'),
      ];
      expect(await callsOf(...items)).toEqual(whole);
    });

    it('are told apart by their ids where all have the same index', async () => {
      const items = [call(0, 'a', 'x', '{"n":1}'), call(0, 'b', 'y', '{"n"'), call(0, 'b', 'y', ':2}')];
      expect(await callsOf(...items)).toEqual(whole);
    });

    it('are told apart by their ids where they have no index', async () => {
      const items = [
        call(undefined, 'a', 'x', '{"n":1}'),
        call(undefined, 'b', 'y', '{"n"'),
        call(undefined, undefined, undefined, ':2}'),
      ];
      expect(await callsOf(...items)).toEqual(whole);
    });

    it('go on by their id where they have no index', async () => {
      const items = [
        call(undefined, 'a', 'x', '{"n"'),
        call(undefined, 'b', 'y', '{"n"'),
        call(undefined, 'a', undefined, ':1}'),
        call(undefined, 'b', undefined, ':2}'),
      ];
      expect(await callsOf(...items)).toEqual(whole);
    });

    it('are told apart by another name behind a whole input where they have nothing else', async () => {
      const items = [
        call(0, undefined, 'x', '{"n"'),
        call(0, undefined, 'x', ':1}'),
        call(0, undefined, 'y', '{"n":2}'),
      ];
      expect(await callsOf(...items)).toEqual(['call-0 x {"n":1}', 'call-1 y {"n":2}']);
    });

    it('may bring their input as an object, or in the old way', async () => {
      const old = [
        delta({ function_call: { name: 'x', arguments: '{"n"' } }),
        delta({ function_call: { arguments: ':1}' } }),
      ];
      expect(await callsOf(...old)).toEqual(['call-0 x {"n":1}']);
      expect(await callsOf(call(0, 'a', 'x', { n: 1 }))).toEqual(['a x {"n":1}']);
    });

    it('are never made of an input that was cut off', async () => {
      expect(await callsOf(call(0, 'a', 'x', '{"n":1'))).toEqual(['({"n":1)']);
      const cut = await read([call(0, 'a', 'x', '{"n":1}')]);
      expect(cut.map(({ type }) => type)).toEqual(['start', 'tool-input-start', 'tool-input-delta', 'error']);
    });

    it('end a text', async () => {
      const types = (await readAll(delta({ content: 'a' }), call(0, 'a', 'x', '{}'))).map(({ type }) => type);
      expect(types.indexOf('text-end')).toBeLessThan(types.indexOf('tool-input-start'));
    });
  });

  describe('the end', () => {
    const said = delta({ content: 'a' });
    const last = async (...items: readonly unknown[]): Promise<LlmEvent> => (await read(items)).at(-1)!;

    it.each<[string, unknown[]]>([
      ['without anything', []],
      ['with nothing but the mark', ['[DONE]']],
      ['without a reason', [said, '[DONE]']],
      ['without a mark', [said, stop()]],
      [
        'without a reason of all choices',
        [said, { choices: [{ index: 1, delta: { content: 'b' } }] }, stop(), '[DONE]'],
      ],
    ])('is none %s', async (_, items) => {
      expect(await last(...items)).toMatchObject({ type: 'error', trouble: 'truncated', retryable: true });
    });

    it('may lack its mark where that was agreed', async () => {
      expect((await read([said, stop()], { doneMark: 'optional' })).at(-1)).toMatchObject({ type: 'finish' });
      expect((await read([said], { doneMark: 'optional' })).at(-1)).toMatchObject({ trouble: 'truncated' });
    });

    it("is Perplexity's own mark", async () => {
      expect(await last(said, stop('stop', { object: 'chat.completion.done' }))).toMatchObject({ type: 'finish' });
    });

    it('needs no mark from an SDK, which hides it', async () => {
      expect((await eventsOf('openai-chat', [said, stop()])).at(-1)).toMatchObject({ type: 'finish' });
      expect((await eventsOf('openai-chat', [said])).at(-1)).toMatchObject({ trouble: 'truncated' });
    });

    it.each<[string, object]>([
      ['an error', { error: { message: 'no', code: 'x' } }],
      ['an error beside a choice', { ...said, error: { message: 'no', code: 'x' } }],
      ["Groq's error", { x_groq: { error: 'no' } }],
    ])('is the error where there is %s', async (_, item) => {
      expect(await last(said, stop(), item, '[DONE]')).toMatchObject({
        type: 'error',
        trouble: 'provider',
        message: 'no',
      });
    });
  });

  it('reads what makes no sense without harm', async () => {
    const items = [
      { choices: 'x' },
      { choices: [null, 5, { index: 'a', delta: 7 }, { delta: { content: 5, tool_calls: 'x', audio: 3 } }] },
      { choices: [{ index: 0, delta: { tool_calls: [null, { function: 5 }] } }], usage: 5, citations: 'x' },
    ];
    expect((await readAll(...items)).at(-1)).toMatchObject({ type: 'finish' });
  });

  const parallel = dataFile('llm/openai-chat-parallel-tools.sse');
  it.skipIf(parallel === undefined).each([
    ['0 for every index', (text: string) => text.replaceAll(/("tool_calls":\[\{)"index":\d/g, '$1"index":0')],
    ['no index', (text: string) => text.replaceAll(/("tool_calls":\[\{)"index":\d,/g, '$1')],
  ])('reads the recorded calls with %s', async (_, change) => {
    const text = readFileSync(parallel!, 'utf8');
    expect(change(text)).not.toBe(text);
    const { tools } = saidIn(await eventsOf('openai-chat', [text]));
    expect(tools).toHaveLength(2);
    expect(saidIn(await eventsOf('openai-chat', [change(text)])).tools).toEqual(tools);
  });
});
