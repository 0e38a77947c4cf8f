import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { fromLangGraph } from '../../src/interop/langgraph.js';
import type { LlmEvent } from '../../src/source/llm/llm.js';
import { all, saidIn, sha256 } from '../source/llm/reading.js';
import { cuttings, type Sum, toolkitRecordings } from './recordings.js';

interface Expected {
  readonly events: Readonly<Record<string, number>>;
  readonly text: Sum;
  readonly tools: Readonly<Record<string, { readonly name: string; readonly args: string }>>;
  readonly error: string | null;
}

const recorded = toolkitRecordings<Expected>('langgraph');

/** How many events there were of each mode that is not told otherwise. */
function rawModes(events: readonly LlmEvent[]): Record<string, number> {
  const modes: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== 'raw') continue;
    const { event: mode } = event.data as { event: string };
    modes[mode] = (modes[mode] ?? 0) + 1;
  }
  return modes;
}

describe.skipIf(recorded.length === 0)('fromLangGraph, recorded', () => {
  for (const { name, bytes, expected } of recorded) {
    it(`reads ${name}, however it is cut`, async () => {
      for (const [way, pieces] of cuttings(bytes)) {
        const events = await all(fromLangGraph(pieces, { unknown: 'raw' }));
        const { text, tools, end } = saidIn(events);
        expect(sha256(text[0] ?? ''), way).toBe(expected.text.sha256);
        expect(tools.map(({ name: tool, args }) => ({ name: tool, args }))).toEqual(Object.values(expected.tools));
        const { messages: _, error: __, ...others } = expected.events;
        expect(rawModes(events)).toEqual(others);
        if (expected.error === null) expect(end).toMatchObject({ type: 'finish' });
        else expect(end).toMatchObject({ type: 'error', trouble: 'provider', message: expected.error });
      }
    });

    if (expected.error !== null) continue;
    it(`tells ${name} from half of it`, async () => {
      const end = async (at: number) =>
        (await all(fromLangGraph([bytes.subarray(0, at)], { lastMode: 'updates' }))).at(-1);
      const lastEvent = bytes.lastIndexOf('event: messages');
      expect(await end(lastEvent)).toMatchObject({ type: 'error', trouble: 'truncated' });
      expect(await end(lastEvent + 40)).toMatchObject({ type: 'error', trouble: 'truncated' });
    });
  }
});

const ai = (more: object) => ({ type: 'AIMessageChunk', id: 'm', content: '', ...more });

describe('fromLangGraph', () => {
  it.each([
    ['one mode', [[ai({ content: 'Hi' }), {}]], { mode: 'messages' }],
    ['several modes', [['messages', [ai({ content: 'Hi' }), {}]]], {}],
    ['subgraphs', [[['agent:1'], 'messages', [ai({ content: 'Hi' }), {}]]], {}],
    ['a client of the platform', [{ event: 'messages|agent:1', data: [ai({ content: 'Hi' }), {}] }], {}],
  ])('reads the items of %s', async (_, items, options) => {
    expect(saidIn(await all(fromLangGraph(items, options)))).toMatchObject({ text: ['Hi'], end: { type: 'finish' } });
  });

  it('hands on the payload of any other mode', async () => {
    const events = await all(fromLangGraph([{ agent: 1 }], { unknown: 'raw' }));
    expect(events[0]).toEqual({ type: 'raw', data: { event: 'updates', data: { agent: 1 } } });
  });

  it('takes what is said anew each time once', async () => {
    const partial = (content: string, args: string) => ({
      event: 'messages/partial',
      data: [ai({ content, tool_call_chunks: [{ index: 0, id: 'c', name: 'add', args }] })],
    });
    const items = [
      { event: 'metadata', data: { run_id: 'r' } },
      partial('He', ''),
      partial('Hel', '{'),
      partial('Hel', '{}'),
    ];
    const events = await all(fromLangGraph(items));
    expect(events[0]).toMatchObject({ type: 'start', id: 'r', format: 'langgraph' });
    expect(saidIn(events)).toMatchObject({ text: ['Hel'], tools: [{ id: 'c', name: 'add', args: '{}' }] });
  });

  it('reads thoughts, calls, what answers them and what it took', async () => {
    const messages = [
      ai({ additional_kwargs: { reasoning_content: 'hm' } }),
      ai({
        content: [{ type: 'thinking', thinking: '...' }, { type: 'reasoning', reasoning: '!' }, { type: 'image' }],
      }),
      ai({ content: [{ type: 'text', text: 'One' }] }),
      ai({ tool_call_chunks: [{ index: 0, id: 'a', name: 'add', args: '{"a"' }] }),
      ai({ tool_call_chunks: [{ index: 0, args: ':1}' }] }),
      // Another id in the same place is another call.
      ai({ tool_call_chunks: [{ index: 0, id: 'b', args: '{}' }] }),
      ai({ usage_metadata: { input_tokens: 3, output_token_details: { reasoning: 1 } } }),
      ai({ response_metadata: { finish_reason: 'tool_calls' } }),
      { type: 'human', content: 'not the model' },
      { type: 'tool', tool_call_id: 'b', content: '1' },
      ai({ tool_call_chunks: [{ index: 0, args: 'too late' }] }),
      { type: 'tool', tool_call_id: 'a', content: '1' },
      { type: 'tool', tool_call_id: 'x', name: 'other', content: '2' },
      { type: 'tool', content: '3' },
      ai({ id: 'm2', content: 'Two' }),
      ai({ response_metadata: { stop_reason: 'max_tokens' } }),
      ai({ response_metadata: { finish_reason: 'bored' } }),
    ];
    const events = await all(fromLangGraph(messages.map((message) => ['messages', [message, {}]])));
    expect(saidIn(events)).toMatchObject({
      text: ['OneTwo'],
      reasoning: 'hm...!',
      tools: [
        { id: 'a', name: 'add', args: '{"a":1}' },
        { id: 'b', name: '', args: '{}' },
      ],
      end: { finishReason: 'other', rawFinishReason: 'bored', usage: { inputTokens: 3, reasoningTokens: 1 } },
    });
    expect(events.flatMap((event) => (event.type === 'tool-result' ? [event.toolName] : []))).toEqual([
      '',
      'add',
      'other',
      '',
    ]);
  });

  it.each([
    ['only a word', '"no"', { message: 'no' }],
    ['an object', '{"error":"ValueError","message":"no"}', { message: 'no', code: 'ValueError' }],
    ['an error within', '{"error":"ValueError"}', { message: 'ValueError' }],
  ])('fails as the graph does, which says %s', async (_, data, end) => {
    const events = await all(fromLangGraph([`event: error\ndata: ${data}\n\n`]));
    expect(events.at(-1)).toMatchObject({ type: 'error', trouble: 'provider', ...end });
  });

  it.each([
    ['half an event', 'event: custom\ndata: {"a"', 'truncated'],
    ['an event that is no JSON', 'data: {no}\n\n', 'malformed'],
    ['a line without an end', `data: "${'x'.repeat(3000)}`, 'overflow'],
  ])('names the trouble of %s', async (_, text, trouble) => {
    const events = await all(fromLangGraph([text], { maxEventLength: 2000 }));
    expect(events.at(-1)).toMatchObject({ type: 'error', trouble });
  });

  it('reads on over heartbeats', async () => {
    const events = await all(fromLangGraph([': heartbeat\n\n', 'event: values\ndata: {}\n\n: heartbeat\n']));
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
  });

  it('lets the graph go when nobody wants it any more, also while it is silent', async () => {
    let signal: AbortSignal | undefined;
    let left = false;
    async function* graph(): AsyncGenerator {
      try {
        yield ['messages', [ai({ content: 'Hi' }), {}]];
        await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('aborted'))));
      } finally {
        left = true;
      }
    }
    await firstValueFrom(fromLangGraph((given) => ((signal = given), graph())));
    await expect.poll(() => left).toBe(true);
  });

  it('refuses what is no stream', () => {
    expect(() => fromLangGraph(3 as never)).toThrow(TypeError);
  });
});
