import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { eventsOf, sse } from './reading.js';

const chunk = (parts: readonly object[], more: object = {}, top: object = {}): object => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...more }],
  responseId: 'r',
  modelVersion: 'g',
  ...top,
});
const stop = (finishReason = 'STOP'): object => ({ candidates: [{ index: 0, finishReason }] });

const read = (...items: readonly object[]): Promise<readonly LlmEvent[]> => eventsOf('gemini', [sse(...items)]);
const inner = async (...items: readonly object[]): Promise<readonly LlmEvent[]> =>
  (await read(...items, stop())).slice(1, -1);

describe('fromGemini', () => {
  it('says who answers, and reads thoughts and text', async () => {
    const events = await read(
      chunk([{ text: 'hm', thought: true }, { text: 'a' }]),
      chunk([{ text: 'b' }, { text: '' }]),
      stop(),
    );
    expect(events).toEqual([
      { type: 'start', format: 'gemini', id: 'r', model: 'g' },
      { type: 'reasoning-start', id: 'reasoning-0' },
      { type: 'reasoning-delta', id: 'reasoning-0', delta: 'hm' },
      { type: 'reasoning-end', id: 'reasoning-0' },
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'a' },
      { type: 'text-delta', id: 'text-1', delta: 'b' },
      { type: 'text-end', id: 'text-1' },
      { type: 'finish', finishReason: 'stop', rawFinishReason: 'STOP' },
    ]);
  });

  it('keeps what the provider wants back, also behind the text', async () => {
    const events = await inner(chunk([{ text: 'a' }]), chunk([{ text: '', thoughtSignature: 's' }]));
    expect(events.at(-1)).toEqual({ type: 'text-end', id: 'text-0', signature: 's' });
    const [call] = (await inner(chunk([{ functionCall: { name: 'x', args: {} }, thoughtSignature: 's' }]))).slice(-1);
    expect(call).toMatchObject({ type: 'tool-call', signature: 's' });
  });

  it('reads calls, one after the other, each another', async () => {
    const call = (name: string, id?: string): object => chunk([{ functionCall: { id, name, args: { n: name } } }]);
    const events = await read(call('x'), call('y', 'b'), call('x'), stop());
    const calls = events.flatMap((event) => (event.type === 'tool-call' ? [[event.toolCallId, event.input]] : []));
    expect(calls).toEqual([
      ['call-0', { n: 'x' }],
      ['b', { n: 'y' }],
      ['call-2', { n: 'x' }],
    ]);
    expect(events.at(-1)).toMatchObject({ finishReason: 'tool-calls', rawFinishReason: 'STOP' });
  });

  const piece = (value: string, willContinue: boolean, more: object = {}): object =>
    chunk([{ functionCall: { ...more, partialArgs: [{ jsonPath: '$.city', stringValue: value }], willContinue } }]);

  it('reads inputs that come in pieces, and makes no call before they are whole', async () => {
    const pieces = [
      chunk([{ functionCall: { name: 'x', willContinue: true } }]),
      piece('Flor', true),
      piece('ence', true),
    ];
    const whole = await inner(...pieces, chunk([{ functionCall: {} }]));
    expect(whole.at(-1)).toMatchObject({ type: 'tool-call', toolName: 'x', input: { city: 'Florence' } });
    const cut = await read(...pieces, stop());
    expect(cut.map(({ type }) => type)).not.toContain('tool-call');
    expect(cut.at(-1)).toMatchObject({ type: 'error', trouble: 'truncated' });
    const once = await inner(piece('Rome', false, { name: 'y' }));
    expect(once.at(-1)).toMatchObject({ type: 'tool-call', toolName: 'y', input: { city: 'Rome' } });
  });

  it('hands on pictures, and code the provider runs', async () => {
    const code = { language: 'PYTHON', code: 'print(1)' };
    const result = { outcome: 'OUTCOME_OK', output: '1' };
    const events = await inner(
      chunk([{ codeExecutionResult: result }]),
      chunk([{ inlineData: { mimeType: 'image/png', data: 'YQ==' } }]),
      chunk([{ executableCode: code }]),
      chunk([{ codeExecutionResult: result }]),
    );
    expect(events[1]).toEqual({ type: 'file', mediaType: 'image/png', data: 'YQ==' });
    const tool = { toolCallId: 'call-0', toolName: 'code_execution', providerExecuted: true };
    expect(events[4]).toMatchObject({ type: 'tool-call', ...tool, input: code });
    expect(events[5]).toEqual({ type: 'tool-result', ...tool, output: result });
    expect(events[0]).toMatchObject({ type: 'tool-result', toolCallId: 'code_execution' });
  });

  it('tells what the answer rests on, once', async () => {
    const web = { uri: 'https://a.example', title: 'A' };
    const groundingMetadata = { groundingChunks: [{ web }, { web: { uri: 'https://b.example' } }, { other: 1 }] };
    const events = await inner(chunk([], { groundingMetadata }), chunk([], { groundingMetadata }));
    expect(events).toEqual([
      { type: 'source', id: 'source-0', url: 'https://a.example', title: 'A', raw: web },
      { type: 'source', id: 'source-1', url: 'https://b.example', raw: { uri: 'https://b.example' } },
    ]);
  });

  it('takes the last figures, and counts thoughts as output', async () => {
    const usage = {
      promptTokenCount: 1,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 3,
      totalTokenCount: 6,
      cachedContentTokenCount: 1,
    };
    const events = await read(chunk([{ text: 'a' }], {}, { usageMetadata: { promptTokenCount: 9 } }), stop(), {
      usageMetadata: usage,
    });
    expect(events.at(-2)).toEqual({
      type: 'usage',
      usage: { inputTokens: 1, outputTokens: 5, totalTokens: 6, reasoningTokens: 3, cachedInputTokens: 1, raw: usage },
    });
    const thinking = await read(stop(), { usageMetadata: { thoughtsTokenCount: 3 } });
    expect(thinking.at(-2)).toMatchObject({ usage: { outputTokens: 3 } });
    const plain = await read(stop(), { usageMetadata: { candidatesTokenCount: 2 } });
    expect(plain.at(-2)).toMatchObject({ usage: { outputTokens: 2 } });
  });

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['LANGUAGE', 'other'],
  ])('knows why it stopped by %s', async (rawFinishReason, finishReason) => {
    expect((await read(stop(rawFinishReason))).at(-1)).toMatchObject({ finishReason, rawFinishReason });
  });

  it('knows a prompt that was blocked', async () => {
    const events = await read({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: {} });
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'content-filter', rawFinishReason: 'SAFETY' });
    const candidates = [{ finishReason: 'STOP' }];
    const both = await read({ promptFeedback: { blockReason: 'OTHER' }, candidates });
    expect(both.at(-1)).toMatchObject({ finishReason: 'stop' });
  });

  it('finishes once, though every event says stop', async () => {
    const more = { finishReason: 'STOP' };
    const events = await read(chunk([{ text: 'a' }], more), chunk([{ text: 'b' }], more));
    expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1);
  });

  it('is not finished where the last to speak of a candidate did not say why it stopped', async () => {
    const truncated = { type: 'error', trouble: 'truncated' };
    expect((await read()).at(-1)).toMatchObject(truncated);
    expect((await read(chunk([{ text: 'a' }]))).at(-1)).toMatchObject(truncated);
    expect((await read(stop(), chunk([{ text: 'a' }]))).at(-1)).toMatchObject(truncated);
    const two = {
      candidates: [
        { index: 0, finishReason: 'STOP' },
        { index: 1, content: { parts: [{ text: 'b' }] } },
      ],
    };
    expect((await read(two)).at(-1)).toMatchObject(truncated);
  });

  it('reads the one array there is without alt=sse, and an error at its end', async () => {
    const array = JSON.stringify([chunk([{ text: 'a' }]), stop()], undefined, 2)
      .replaceAll(/^ {2}/gm, '')
      .replaceAll('\n},\n{', '\n}\n,\n{');
    const events = await eventsOf('gemini', [array]);
    expect(events.map(({ type }) => type)).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'finish']);
    const error = { error: { code: 503, message: 'no', status: 'UNAVAILABLE' } };
    const end = { trouble: 'provider', message: 'no', code: 'UNAVAILABLE', status: 503, retryable: true };
    expect((await read(chunk([{ text: 'a' }]), error)).at(-1)).toMatchObject(end);
  });

  it('leaves alone what it has no word for', async () => {
    const events = await eventsOf('gemini', [sse({ a: 1 }, { candidates: 'x' }, stop())], { unknown: 'raw' });
    expect(events[0]).toEqual({ type: 'raw', data: { a: 1 } });
  });
});
