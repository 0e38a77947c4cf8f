import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { eventsOf } from './reading.js';

const lines = (items: readonly object[]): string => items.map((item) => `${JSON.stringify(item)}\n`).join('');
const read = (...items: readonly object[]): Promise<readonly LlmEvent[]> => eventsOf('ollama', [lines(items)]);
const message = (of: object): object => ({
  model: 'q',
  message: { role: 'assistant', content: '', ...of },
  done: false,
});
const last = {
  model: 'q',
  message: { content: '' },
  done: true,
  done_reason: 'stop',
  eval_count: 3,
  prompt_eval_count: 2,
};

describe('fromOllama', () => {
  it('reads thoughts and text', async () => {
    const events = await read(message({ thinking: 'h' }), message({ thinking: 'm' }), message({ content: 'a' }), last);
    const usage = { inputTokens: 2, outputTokens: 3, raw: { eval_count: 3, prompt_eval_count: 2 } };
    expect(events).toEqual([
      { type: 'start', format: 'ollama', model: 'q' },
      { type: 'reasoning-start', id: 'reasoning-0' },
      { type: 'reasoning-delta', id: 'reasoning-0', delta: 'h' },
      { type: 'reasoning-delta', id: 'reasoning-0', delta: 'm' },
      { type: 'reasoning-end', id: 'reasoning-0' },
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'a' },
      { type: 'text-end', id: 'text-1' },
      { type: 'usage', usage },
      { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop', usage },
    ]);
  });

  it('reads what completes a prompt', async () => {
    const events = await read({ response: 'a', thinking: 'b', done: false }, { response: 'c', done: true });
    const deltas = events.flatMap((event) => ('delta' in event ? [event.delta] : []));
    expect(deltas).toEqual(['b', 'a', 'c']);
    expect(events.at(-1)).toEqual({ type: 'finish', finishReason: 'stop', rawFinishReason: 'stop' });
  });

  it('reads calls, which come whole', async () => {
    const calls = [
      { function: { name: 'x', arguments: { n: 1 } } },
      { id: 'b', function: { name: 'y', arguments: '{}' } },
      { function: { name: 'z' } },
    ];
    const events = await read(message({ content: 'a' }), message({ tool_calls: calls }), last);
    const inputs = events.flatMap((event) => (event.type === 'tool-call' ? [[event.toolCallId, event.input]] : []));
    expect(inputs).toEqual([
      ['call-0', { n: 1 }],
      ['b', {}],
      ['call-2', {}],
    ]);
    expect(events.at(-1)).toMatchObject({ finishReason: 'tool-calls', rawFinishReason: 'stop' });
  });

  it.each([
    ['length', 'length'],
    ['load', 'other'],
  ])('knows why it stopped by %s', async (done_reason, finishReason) => {
    expect((await read({ ...last, done_reason })).at(-1)).toMatchObject({ finishReason });
  });

  it('fails in the words of the server', async () => {
    const end = { type: 'error', trouble: 'provider', message: 'out of memory' };
    expect((await read(message({ content: 'a' }), { error: 'out of memory' })).at(-1)).toMatchObject(end);
  });

  it('reads the same whether or not a server writes as Ollama does', async () => {
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(text, text, async (content, thinking) => {
        const created_at = '2026-08-07T06:08:14.947137Z';
        const first = { model: 'q', created_at, message: { role: 'assistant', content, thinking }, done: false };
        const spaced = `${JSON.stringify(first, undefined, 1).replaceAll('\n', ' ')}\n${lines([last])}`;
        expect(await eventsOf('ollama', [spaced])).toEqual(await read(first, last));
      }),
    );
  });

  it('is not finished before it is done', async () => {
    const end = { type: 'error', trouble: 'truncated', partial: { textLength: 1, reasoningLength: 0, toolCalls: 0 } };
    expect((await read(message({ content: 'a' }))).at(-1)).toMatchObject(end);
  });

  it('leaves alone what it has no word for', async () => {
    const events = await eventsOf('ollama', [lines([{ status: 'loading' }, last])], { unknown: 'raw' });
    expect(events[0]).toEqual({ type: 'raw', data: { status: 'loading' } });
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
  });
});
