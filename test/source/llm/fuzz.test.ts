import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LlmFormat } from '../../../src/source/llm/llm.js';
import { eventsOf, formats, recordings, sse } from './reading.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Items as each provider sends them, some of every kind. */
const items: Readonly<Record<LlmFormat, readonly Json[]>> = {
  'openai-chat': [
    { id: 'x', model: 'm', choices: [{ index: 0, delta: { role: 'assistant', content: 'a', reasoning: 'b' } }] },
    { choices: [{ index: 1, delta: { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'c' }] }] } }] },
    {
      choices: [
        { index: 0, delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'n', arguments: '{"a"' } }] } },
      ],
    },
    { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] } }] },
    { choices: [{ index: 0, delta: { audio: { data: 'YQ==' }, annotations: [{ url_citation: { url: 'u' } }] } }] },
    {
      choices: [
        { index: 0, delta: {}, finish_reason: 'stop' },
        { index: 1, delta: {}, finish_reason: 'length' },
      ],
    },
    { choices: [], usage: { prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 1 } } },
  ],
  'openai-responses': [
    { type: 'response.created', sequence_number: 0, response: { id: 'r', model: 'm' } },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', call_id: 'c', name: 'n' } },
    { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"a":1}' },
    { type: 'response.output_item.done', output_index: 0, item: { type: 'function_call', arguments: '{"a":1}' } },
    { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'a' },
    { type: 'response.output_text.annotation.added', annotation: { url: 'u', title: 't' } },
    { type: 'response.output_text.done', output_index: 1, content_index: 0, text: 'a' },
    { type: 'response.reasoning_summary_text.delta', output_index: 2, summary_index: 0, delta: 'b' },
    { type: 'response.output_item.done', output_index: 2, item: { type: 'reasoning', encrypted_content: 'e' } },
    { type: 'response.output_item.added', output_index: 3, item: { type: 'image_generation_call', id: 'i' } },
    { type: 'response.output_item.done', output_index: 3, item: { type: 'image_generation_call', result: 'YQ==' } },
    { type: 'response.completed', response: { usage: { input_tokens: 1 } } },
  ],
  anthropic: [
    { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: 'a' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'server_tool_use', id: 't', name: 'n', input: {} },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'web_search_tool_result', tool_use_id: 't', content: [1] },
    },
    { type: 'content_block_start', index: 3, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 3, delta: { type: 'text_delta', text: 'a' } },
    { type: 'content_block_delta', index: 3, delta: { type: 'citations_delta', citation: { url: 'u', title: 't' } } },
    { type: 'content_block_stop', index: 3 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ],
  gemini: [
    {
      responseId: 'r',
      modelVersion: 'g',
      candidates: [{ index: 0, content: { parts: [{ text: 'a', thought: true }] } }],
    },
    {
      candidates: [
        { index: 0, content: { parts: [{ text: 'b', thoughtSignature: 's' }, { inlineData: { data: 'YQ==' } }] } },
      ],
    },
    { candidates: [{ index: 0, content: { parts: [{ functionCall: { name: 'n', args: { a: 1 } } }] } }] },
    { candidates: [{ content: { parts: [{ functionCall: { name: 'n', willContinue: true } }] } }] },
    {
      candidates: [
        { content: { parts: [{ functionCall: { partialArgs: [{ jsonPath: '$.a[0]', stringValue: 'x' }] } }] } },
      ],
    },
    {
      candidates: [
        { content: { parts: [{ executableCode: { code: '1' } }, { codeExecutionResult: { output: '1' } }] } },
      ],
    },
    {
      candidates: [{ finishReason: 'STOP', groundingMetadata: { groundingChunks: [{ web: { uri: 'u' } }] } }],
      usageMetadata: { promptTokenCount: 1 },
    },
  ],
  ollama: [
    { model: 'q', message: { role: 'assistant', content: '', thinking: 'a' }, done: false },
    { model: 'q', message: { role: 'assistant', content: 'b' }, done: false },
    { model: 'q', message: { tool_calls: [{ function: { name: 'n', arguments: { a: 1 } } }] }, done: false },
    { model: 'q', done: true, done_reason: 'stop', eval_count: 1 },
  ],
};

/** All places in a value. */
function* places(value: Json, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* places(part, [...path, name]);
}

/** The value with something else in one place, or nothing. */
function changed(value: Json, [name, ...path]: readonly string[], other: Json | undefined): Json | undefined {
  if (name === undefined) return other;
  const copy = structuredClone(value) as Record<string, Json | undefined>;
  copy[name] = changed(copy[name]!, path, other);
  return copy as Json;
}

const other = fc.option(fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 2 ** 60, '', '\ud83d', [], {})), {
  nil: undefined,
});
const change = fc.tuple(fc.nat(), fc.nat(), other as fc.Arbitrary<Json | undefined>);

describe.each(formats)('whatever is sent as %s', (format) => {
  it('keeps the law, and fails only by names that there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 3 }),
        async (changes, again) => {
          const all: (Json | undefined)[] = [...items[format]];
          for (const index of again) all.splice(index % all.length, 0, all[(index * 7) % all.length]);
          for (const [which, where, by] of changes) {
            const item = all[which % all.length] ?? null;
            const paths = [...places(item)];
            all[which % all.length] = changed(item, paths[where % paths.length]!, by);
          }
          const text =
            sse(...all.filter((item) => item !== undefined)) + (format === 'openai-chat' ? sse('[DONE]') : '');
          // The law is looked at in there.
          const end = (await eventsOf(format, [text], { unknown: 'raw' })).at(-1);
          // A defect of ours would be taken for one of the connection.
          expect(end).not.toMatchObject({ trouble: 'transport' });
          // An SDK hands out the same, as objects.
          const objects = all.filter((item) => typeof item === 'object' && item !== null);
          expect((await eventsOf(format, objects)).at(-1)).not.toMatchObject({ trouble: 'transport' });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps the law where it is not changed', async () => {
    const events = await eventsOf(format, [sse(...items[format], ...(format === 'openai-chat' ? ['[DONE]'] : []))]);
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
  });
});

const all = recordings().filter(({ bytes }) => bytes.length < 30_000);

it.skipIf(all.length === 0)('keeps the law whatever bytes are broken', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 5 }),
      async (which, breaks) => {
        const { bytes, format } = all[which % all.length]!;
        const broken = Uint8Array.from(bytes);
        for (const [at, byte] of breaks) broken[at % broken.length] = byte;
        expect((await eventsOf(format, [broken])).at(-1)).not.toMatchObject({ trouble: 'transport' });
      },
    ),
    { numRuns: 200 },
  );
});
