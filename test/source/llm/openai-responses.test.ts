import { describe, expect, it } from 'vitest';
import { attachment, fromOpenAiResponses } from '../../../src/source/llm/openai-responses.js';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { all, eventsOf, recordings, sse } from './reading.js';

const created = { type: 'response.created', response: { id: 'resp', model: 'm' } };
const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3, input_tokens_details: { cached_tokens: 1 } };
const completed = { type: 'response.completed', response: { usage } };
const place = { output_index: 0, content_index: 0, item_id: 'i' };
const text = (delta: string): object => ({ type: 'response.output_text.delta', ...place, delta });
const added = (item: object, output_index = 0): object => ({ type: 'response.output_item.added', output_index, item });
const done = (item: object, output_index = 0): object => ({ type: 'response.output_item.done', output_index, item });

const read = (...items: readonly object[]): Promise<readonly LlmEvent[]> =>
  eventsOf('openai-responses', [sse(...items)]);
const inner = async (...items: readonly object[]): Promise<readonly LlmEvent[]> =>
  (await read(created, ...items, completed)).slice(1, -2);

describe('fromOpenAiResponses', () => {
  it('says who answers, what it took and that it is finished', async () => {
    const known = { inputTokens: 1, outputTokens: 2, totalTokens: 3, cachedInputTokens: 1, raw: usage };
    expect(await read(created, { type: 'response.in_progress', response: { id: 'other' } }, completed)).toEqual([
      { type: 'start', format: 'openai-responses', id: 'resp', model: 'm' },
      { type: 'usage', usage: known },
      { type: 'finish', finishReason: 'stop', rawFinishReason: 'completed', usage: known },
    ]);
  });

  it('reads a text by its place, whatever id it has', async () => {
    const part = { type: 'response.content_part.added', ...place, part: { type: 'output_text' } };
    const whole = { type: 'response.output_text.done', ...place, item_id: 'k', text: 'ab' };
    expect(await inner(part, text('a'), { ...text('b'), item_id: 'j' }, whole)).toEqual([
      { type: 'text-start', id: 'text-0.0' },
      { type: 'text-delta', id: 'text-0.0', delta: 'a' },
      { type: 'text-delta', id: 'text-0.0', delta: 'b' },
      { type: 'text-end', id: 'text-0.0' },
    ]);
  });

  it('takes the whole only where nothing came before, and fails where it is another', async () => {
    const whole = { type: 'response.output_text.done', ...place, text: 'abc' };
    expect((await inner(whole))[1]).toEqual({ type: 'text-delta', id: 'text-0.0', delta: 'abc' });
    const message = 'text-0.0 came with 1 units and ends as 3';
    expect((await read(created, text('a'), whole)).at(-1)).toMatchObject({ trouble: 'malformed', message });
  });

  it('reads thoughts, and keeps what the provider wants back', async () => {
    const thought = (summary_index: number, delta: string): object => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index,
      delta,
    });
    const events = await inner(
      added({ type: 'reasoning', id: 'rs' }),
      { type: 'response.reasoning_summary_part.added', output_index: 0, summary_index: 0 },
      thought(0, 'a'),
      { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'a' },
      thought(1, 'b'),
      done({ type: 'reasoning', id: 'rs', encrypted_content: 'e' }),
      done({ type: 'reasoning', id: 'none' }, 1),
      done({ type: 'reasoning', id: 'hidden', encrypted_content: 'f' }, 2),
      { type: 'response.reasoning_text.delta', output_index: 3, content_index: 0, delta: 'c' },
    );
    expect(events.filter(({ type }) => type !== 'reasoning-delta')).toEqual([
      { type: 'reasoning-start', id: 'reasoning-0.0' },
      { type: 'reasoning-end', id: 'reasoning-0.0' },
      { type: 'reasoning-start', id: 'reasoning-0.1' },
      { type: 'reasoning-end', id: 'reasoning-0.1', signature: 'rs', encrypted: 'e' },
      { type: 'reasoning-start', id: 'reasoning-2' },
      { type: 'reasoning-end', id: 'reasoning-2', signature: 'hidden', encrypted: 'f' },
      { type: 'reasoning-start', id: 'reasoning-3.content-0' },
      { type: 'reasoning-end', id: 'reasoning-3.content-0' },
    ]);
  });

  const item = { type: 'function_call', id: 'fc', call_id: 'c', name: 'x', arguments: '' };
  const input = (delta: string): object => ({ type: 'response.function_call_arguments.delta', output_index: 0, delta });
  const inputDone = (text: string): object => ({
    type: 'response.function_call_arguments.done',
    output_index: 0,
    arguments: text,
  });

  it.each<[string, object[]]>([
    ['in pieces', [input('{"n"'), input(':1}'), inputDone('{"n":1}'), done({ ...item, arguments: '{"n":1}' })]],
    ['whole', [inputDone('{"n":1}')]],
    ['whole, with the item', [done({ ...item, arguments: '{"n":1}' })]],
    ['without an end of its own', [input('{"n":1}')]],
  ])('reads an input that comes %s', async (_, events) => {
    const said = await read(created, added(item), ...events, completed);
    const call = { type: 'tool-call', toolCallId: 'c', toolName: 'x', input: { n: 1 }, inputText: '{"n":1}' };
    expect(said).toContainEqual(call);
    expect(said.at(-1)).toMatchObject({ finishReason: 'tool-calls', rawFinishReason: 'completed' });
  });

  it('fails where an input ends as another than it came', async () => {
    const events = await read(created, added(item), input('{"n":1'), inputDone('{"m":1}'));
    expect(events.at(-1)).toMatchObject({
      trouble: 'malformed',
      message: 'the input of c ends as another than it came',
    });
  });

  it('never makes a call of an input that was cut off', async () => {
    const incomplete = {
      type: 'response.incomplete',
      response: { incomplete_details: { reason: 'max_output_tokens' } },
    };
    const events = await read(created, added(item), input('{"n":'), done({ ...item, arguments: '{"n":' }), incomplete);
    expect(events.at(-2)).toMatchObject({ type: 'tool-input-error', inputText: '{"n":' });
    expect(events.at(-1)).toMatchObject({ finishReason: 'length', rawFinishReason: 'max_output_tokens' });
    const empty = await read(created, added(item), incomplete);
    expect(empty.at(-2)).toMatchObject({ type: 'tool-input-error', message: 'the input is cut off' });
  });

  it('reads inputs that are no JSON where that is agreed', async () => {
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'x' };
    const events = await inner(
      added(custom),
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: 'ls ' },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: '-l' },
      { type: 'response.custom_tool_call_input.done', output_index: 0, input: 'ls -l' },
      done({ ...custom, input: 'ls -l' }),
    );
    expect(events.at(-1)).toMatchObject({ type: 'tool-call', input: 'ls -l', inputText: 'ls -l' });
  });

  it('tells what the provider runs itself, and what came of it', async () => {
    const search = { type: 'web_search_call', id: 'ws', action: { type: 'search', query: 'x' } };
    const code = { type: 'code_interpreter_call', id: 'ci', code: '1+1', outputs: [{ logs: '2' }] };
    const mcp = { type: 'mcp_call', id: 'mc', name: 'lookup', arguments: '{"a":1}', output: 'b' };
    const image = { type: 'image_generation_call', id: 'ig', result: 'YQ==', output_format: 'webp' };
    const shell = { type: 'local_shell_call', id: 'ls', call_id: 'lc', action: { command: ['ls'] } };
    const events = await inner(
      added(search),
      { type: 'response.web_search_call.searching', output_index: 0 },
      done(search),
      added(code, 1),
      { type: 'response.code_interpreter_call_code.delta', output_index: 1, delta: '1+1' },
      { type: 'response.code_interpreter_call_code.done', output_index: 1, code: '1+1' },
      done(code, 1),
      added(mcp, 2),
      { type: 'response.mcp_call_arguments.delta', output_index: 2, delta: '{"a":1}' },
      { type: 'response.mcp_call_arguments.done', output_index: 2, arguments: '{"a":1}' },
      done(mcp, 2),
      added(image, 3),
      done(image, 3),
      added(shell, 4),
      done(shell, 4),
    );
    const calls = events.flatMap((event) =>
      event.type === 'tool-call' ? [[event.toolCallId, event.toolName, event.input, event.providerExecuted]] : [],
    );
    expect(calls).toEqual([
      ['ws', 'web_search', search.action, true],
      ['ci', 'code_interpreter', { code: '1+1' }, true],
      ['mc', 'lookup', { a: 1 }, true],
      ['ig', 'image_generation', {}, true],
      ['lc', 'local_shell', shell.action, undefined],
    ]);
    const results = events.flatMap((event) => (event.type === 'tool-result' ? [event.toolCallId] : []));
    expect(results).toEqual(['ws', 'ci', 'mc', 'ig']);
    expect(events).toContainEqual({ type: 'file', mediaType: 'image/webp', data: 'YQ==' });
  });

  it('hands on refusals, sound and what the answer rests on', async () => {
    const annotation = { type: 'url_citation', url: 'https://a.example', title: 'A' };
    const file = { type: 'file_citation', filename: 'b.pdf' };
    const events = await inner(
      { type: 'response.refusal.delta', delta: 'no' },
      { type: 'response.audio.delta', delta: 'YQ==' },
      { type: 'response.audio.transcript.delta', delta: 'hi' },
      { type: 'response.output_text.annotation.added', annotation },
      { type: 'response.output_text.annotation.added', annotation: file },
    );
    expect(events).toEqual([
      { type: 'refusal-delta', delta: 'no' },
      { type: 'audio-delta', delta: 'YQ==' },
      { type: 'audio-delta', delta: '', transcript: 'hi' },
      { type: 'source', id: 'source-0', url: 'https://a.example', title: 'A', raw: annotation },
      { type: 'source', id: 'source-1', title: 'b.pdf', raw: file },
    ]);
  });

  it.each([
    [{ reason: 'max_output_tokens' }, 'length', 'max_output_tokens'],
    [{ reason: 'content_filter' }, 'content-filter', 'content_filter'],
    [{ reason: 'x' }, 'other', 'x'],
    [null, 'other', 'incomplete'],
  ])('knows why it stopped by %j', async (incomplete_details, finishReason, rawFinishReason) => {
    const end = { type: 'response.incomplete', response: { incomplete_details } };
    expect((await read(created, end)).at(-1)).toEqual({ type: 'finish', finishReason, rawFinishReason });
  });

  it.each<[string, object, object]>([
    ['an error within', { type: 'error', error: { message: 'no', code: 'x' } }, { message: 'no', code: 'x' }],
    ['an error that is flat', { type: 'error', message: 'no', code: 'x' }, { message: 'no', code: 'x' }],
    [
      'a failure',
      { type: 'response.failed', response: { error: { message: 'no', code: 'server_error' }, usage } },
      { message: 'no', retryable: true },
    ],
    ['a failure without words', { type: 'response.failed', response: {} }, { message: 'the response failed' }],
    ['an error of others', { error: { message: 'no' } }, { message: 'no' }],
  ])('fails by %s', async (_, event, end) => {
    expect((await read(created, text('a'), event)).at(-1)).toMatchObject({
      type: 'error',
      trouble: 'provider',
      ...end,
    });
  });

  it('knows that it was cancelled', async () => {
    expect((await read(created, { type: 'response.cancelled' })).at(-1)).toMatchObject({ type: 'abort' });
  });

  it('is not finished before it says so', async () => {
    expect((await read(created, text('a'))).at(-1)).toMatchObject({ type: 'error', trouble: 'truncated' });
  });

  it('leaves alone what it has no word for', async () => {
    const odd = [
      { type: 'response.new.thing' },
      { type: 'response.mcp_call_arguments.done', output_index: 9 },
      { x: 1 },
    ];
    const calm = [{ type: 'keepalive' }, input('x'), { type: 'response.content_part.done' }, done({ type: 'message' })];
    const options = { unknown: 'raw', keepAlive: true } as const;
    const events = await eventsOf('openai-responses', [sse(created, ...odd, ...calm, completed)], options);
    const types = events.map(({ type }) => type);
    expect(types).toEqual(['start', 'raw', 'raw', 'raw', 'keep-alive', 'raw', 'usage', 'finish']);
  });
});

describe('attachment', () => {
  it('is where the last number stands', () => {
    const events: LlmEvent[] = [
      { type: 'start', format: 'openai-responses', id: 'resp', sequence: 0 },
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'a', sequence: 4 },
      { type: 'text-end', id: 't' },
    ];
    expect(attachment(events)).toEqual({ id: 'resp', sequence: 4 });
    expect(attachment([...events, { type: 'finish', finishReason: 'stop', rawFinishReason: 'x' }])).toBeUndefined();
    expect(attachment([])).toBeUndefined();
    expect(attachment([{ type: 'start', format: 'gemini', id: 'x' }])).toBeUndefined();
  });

  const numbered = recordings().filter(
    ({ format, expected }) => format === 'openai-responses' && expected.error === null,
  );
  const custom = { type: 'custom_tool_call', call_id: 'c', name: 'x' };
  const made = [
    { ...created, sequence_number: 0 },
    { ...added(custom), sequence_number: 1 },
    { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: 'ls ', sequence_number: 2 },
    { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: '-l', sequence_number: 3 },
    { ...done({ ...custom, input: 'ls -l' }), sequence_number: 4 },
    { ...text('a'), output_index: 1, sequence_number: 5 },
    { ...text('b'), output_index: 1, sequence_number: 6 },
    { type: 'response.output_text.done', output_index: 1, content_index: 0, text: 'ab', sequence_number: 7 },
    { ...completed, sequence_number: 8 },
  ];

  it.each<readonly [string, string]>([
    ['made up', sse(...made)],
    ...numbered.map(({ name, bytes }) => [name, bytes.toString('utf8')] as const),
  ])('lets an answer go on behind any event that was kept: %s', async (_, stream) => {
    const whole = await eventsOf('openai-responses', [stream]);
    for (let kept = 1; kept < whole.length; kept++) {
      const after = whole.slice(0, kept);
      const at = attachment(after);
      const rest = stream.split(/(?<=\n\n)/).filter((event) => {
        const [, number] = /"sequence_number":(\d+)/.exec(event) ?? [];
        return Number(number) > (at?.sequence ?? -1);
      });
      // A provider that begins again from the start does no harm either.
      for (const source of [rest, [stream]]) {
        const events: LlmEvent[] = [];
        await new Promise<void>((resolve, reject) => {
          fromOpenAiResponses(source, { after }).subscribe({
            next: (event) => events.push(event),
            error: reject,
            complete: resolve,
          });
        });
        expect({ kept, all: [...after, ...events] }).toEqual({ kept, all: whole });
      }
    }
  });

  it('counts what had come before as part of what was cut off', async () => {
    const [start, ...rest] = await eventsOf('openai-responses', [sse(...made.slice(0, 6))]);
    const after = [start!, ...rest.slice(0, -1)];
    let end: LlmEvent | undefined;
    await new Promise<void>((resolve) => {
      fromOpenAiResponses([], { after }).subscribe({
        error: (error: { end: LlmEvent }) => {
          ({ end } = error);
          resolve();
        },
      });
    });
    expect(end).toMatchObject({ trouble: 'truncated', partial: { textLength: 1, toolCalls: 1 } });
    expect(await all(fromOpenAiResponses([sse(...made)]))).toHaveLength(after.length + 4);
  });
});
