import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { eventsOf, sse } from './reading.js';

const start = { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 5, output_tokens: 1 } } };
const reason = (stop_reason: string): object => ({
  type: 'message_delta',
  delta: { stop_reason },
  usage: { output_tokens: 9 },
});
const last = { type: 'message_stop' };
const begin = (index: number, block: object): object => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, of: object): object => ({ type: 'content_block_delta', index, delta: of });
const stop = (index: number): object => ({ type: 'content_block_stop', index });

const read = (...items: readonly unknown[]): Promise<readonly LlmEvent[]> => eventsOf('anthropic', [sse(...items)]);
const readAll = async (...items: readonly unknown[]): Promise<readonly LlmEvent[]> =>
  (await read(start, ...items, reason('end_turn'), last)).slice(1, -2);

describe('fromAnthropic', () => {
  it('says who answers, what it took and why it stopped', async () => {
    const usage = { inputTokens: 5, outputTokens: 9, raw: { input_tokens: 5, output_tokens: 9 } };
    expect(await read(start, reason('end_turn'), last)).toEqual([
      { type: 'start', format: 'anthropic', id: 'm', model: 'c' },
      { type: 'usage', usage },
      { type: 'finish', finishReason: 'stop', rawFinishReason: 'end_turn', usage },
    ]);
  });

  it('reads texts, also such as begin with something', async () => {
    const events = await readAll(
      begin(0, { type: 'text', text: 'a' }),
      delta(0, { type: 'text_delta', text: 'b' }),
      stop(0),
    );
    expect(events).toEqual([
      { type: 'text-start', id: 'text-0' },
      { type: 'text-delta', id: 'text-0', delta: 'a' },
      { type: 'text-delta', id: 'text-0', delta: 'b' },
      { type: 'text-end', id: 'text-0' },
    ]);
  });

  it('keeps what the provider wants back with thoughts', async () => {
    const events = await readAll(
      begin(0, { type: 'thinking', thinking: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 'si' }),
      delta(0, { type: 'signature_delta', signature: 'gn' }),
      stop(0),
      begin(1, { type: 'redacted_thinking', data: 'xyz' }),
      stop(1),
    );
    expect(events).toEqual([
      { type: 'reasoning-start', id: 'reasoning-0' },
      { type: 'reasoning-delta', id: 'reasoning-0', delta: 'hm' },
      { type: 'reasoning-end', id: 'reasoning-0', signature: 'sign' },
      { type: 'reasoning-start', id: 'reasoning-1' },
      { type: 'reasoning-end', id: 'reasoning-1', encrypted: 'xyz' },
    ]);
  });

  const tool = { type: 'tool_use', id: 't', name: 'n', input: {} };

  it('reads inputs in pieces, whole, and such as are empty', async () => {
    const events = await readAll(
      begin(0, tool),
      delta(0, { type: 'input_json_delta', partial_json: '' }),
      delta(0, { type: 'input_json_delta', partial_json: '{"a":1}' }),
      stop(0),
      begin(1, { ...tool, id: 'u', input: { b: 2 } }),
      stop(1),
      begin(2, { ...tool, id: 'v' }),
      delta(2, { type: 'input_json_delta', partial_json: '' }),
      stop(2),
    );
    const inputs = events.flatMap((event) => (event.type === 'tool-call' ? [event.input] : []));
    expect(inputs).toEqual([{ a: 1 }, { b: 2 }, {}]);
  });

  it('never makes a call of an input that was cut off', async () => {
    const items = [start, begin(0, tool), delta(0, { type: 'input_json_delta', partial_json: '{"a":' })];
    for (const end of [[stop(0)], []]) {
      const events = await read(...items, ...end, reason('max_tokens'), last);
      expect(events.at(-3)).toMatchObject({ type: 'tool-input-error', toolCallId: 't', inputText: '{"a":' });
      expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'length' });
    }
    const empty = await read(start, begin(0, tool), stop(0), reason('max_tokens'), last);
    expect(empty.at(-3)).toMatchObject({ type: 'tool-input-error', message: 'the input is cut off' });
  });

  it('tells what the provider runs itself, and what came of it', async () => {
    const results = [{ type: 'web_search_result', url: 'https://a.example' }];
    const events = await readAll(
      begin(0, { type: 'server_tool_use', id: 't', name: 'web_search', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{"query":"x"}' }),
      stop(0),
      begin(1, { type: 'web_search_tool_result', tool_use_id: 't', content: results }),
      stop(1),
      begin(2, { type: 'mcp_tool_result', tool_use_id: 'z', content: [] }),
    );
    expect(events).toContainEqual(expect.objectContaining({ type: 'tool-call', providerExecuted: true }));
    const result = {
      type: 'tool-result',
      toolCallId: 't',
      toolName: 'web_search',
      output: results,
      providerExecuted: true,
    };
    expect(events).toContainEqual(result);
    expect(events.at(-1)).toMatchObject({ toolName: 'mcp' });
  });

  it('tells what a text rests on', async () => {
    const web = { type: 'web_search_result_location', url: 'https://a.example', title: 'A' };
    const page = { type: 'page_location', document_title: 'B' };
    const [, ...events] = await readAll(
      begin(0, { type: 'text', text: '' }),
      delta(0, { type: 'citations_delta', citation: web }),
      delta(0, { type: 'citations_delta', citation: page }),
    );
    expect(events.slice(0, 2)).toEqual([
      { type: 'source', id: 'source-0', url: 'https://a.example', title: 'A', raw: web },
      { type: 'source', id: 'source-1', title: 'B', raw: page },
    ]);
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool-calls'],
    ['refusal', 'content-filter'],
    ['pause_turn', 'other'],
  ])('knows why it stopped by %s', async (rawFinishReason, finishReason) => {
    expect((await read(start, reason(rawFinishReason), last)).at(-1)).toMatchObject({ finishReason, rawFinishReason });
  });

  it('reads the same whether or not a server writes as Anthropic does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.constantFrom('text', 'thinking'), async (piece, kind) => {
        const items = [
          start,
          begin(3, { type: kind, [kind]: '' }),
          delta(3, { type: `${kind}_delta`, [kind]: piece }),
          reason('end_turn'),
          last,
        ];
        const spaced = items.map((item) => `data: ${JSON.stringify(item, undefined, 1).replaceAll('\n', ' ')}\n\n`);
        expect(await eventsOf('anthropic', spaced)).toEqual(await read(...items));
      }),
    );
  });

  it('is not finished before its last word, nor without a reason', async () => {
    const truncated = { type: 'error', trouble: 'truncated' };
    expect((await read(start, reason('end_turn'))).at(-1)).toMatchObject(truncated);
    expect((await read(start, last)).at(-1)).toMatchObject(truncated);
  });

  it('fails in the words of the provider', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'r' };
    const events = await eventsOf('anthropic', [`${sse(start)}event: error\ndata: ${JSON.stringify(error)}\n\n`]);
    const end = { trouble: 'provider', message: 'Overloaded', code: 'overloaded_error', retryable: true };
    expect(events.at(-1)).toMatchObject(end);
    expect((await read({ error: { message: 'no' } })).at(-1)).toMatchObject({ trouble: 'provider', message: 'no' });
  });

  it('leaves alone what it has no word for', async () => {
    const odd = [
      { type: 'vertex_event' },
      begin(0, { type: 'compaction' }),
      delta(0, { type: 'x' }),
      stop(0),
      delta(7, {}),
    ];
    const more = [begin(1, { type: 'text', text: '' }), delta(1, { type: 'new_delta' }), { type: 'ping' }];
    const events = await eventsOf('anthropic', [sse(start, ...odd, ...more, reason('end_turn'), last)], {
      unknown: 'raw',
      keepAlive: true,
    });
    expect(events.filter(({ type }) => type === 'raw')).toHaveLength(5);
    expect(events.filter(({ type }) => type === 'keep-alive')).toHaveLength(1);
  });
});
