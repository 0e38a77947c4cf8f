import { concat, from, lastValueFrom, map, NEVER, of, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { fromUiMessage } from '../../../src/interop/ai-sdk/from-ui-message.js';
import { toUiMessage, type ToUiMessageOptions } from '../../../src/interop/ai-sdk/to-ui-message.js';
import type { UiMessageChunk } from '../../../src/interop/ai-sdk/ui-chunk.js';
import { uiMessageDone, writeUiChunk } from '../../../src/interop/ai-sdk/write-ui-chunk.js';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { all, type AnyReader, eventsOf, readers, recordings, saidIn } from '../../source/llm/reading.js';
import { bytesOf, officialReaders } from './official-reader.js';

const write = async (events: readonly LlmEvent[], options?: ToUiMessageOptions): Promise<UiMessageChunk[]> =>
  await lastValueFrom(from(events).pipe(toUiMessage(options), toArray()));

const wire = (chunks: readonly UiMessageChunk[]): string =>
  chunks.map((chunk) => writeUiChunk(chunk)).join('') + uiMessageDone;

const start = { type: 'start', format: 'openai-chat' } as const;
const partial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };
const finish = { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop' } as const;
const failed = { type: 'error', trouble: 'provider', message: 'key sk-1 is wrong', retryable: false, partial } as const;
const call = { toolCallId: 'c', toolName: 'add' };

/** Every event there is, in an order that is allowed. */
const everything: readonly LlmEvent[] = [
  { ...start, format: 'anthropic', id: 'm', model: 'x' },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'hm' },
  { type: 'reasoning-end', id: 'r', signature: 'sig' },
  { type: 'reasoning-start', id: 'r2' },
  { type: 'reasoning-end', id: 'r2', encrypted: 'secret' },
  { type: 'text-start', id: 't' },
  { type: 'text-start', id: 't2', choice: 1 },
  { type: 'text-delta', id: 't', delta: 'Hi' },
  { type: 'text-delta', id: 't2', choice: 1, delta: 'another answer' },
  { type: 'text-end', id: 't' },
  { type: 'refusal-delta', delta: 'I will ' },
  { type: 'refusal-delta', delta: 'not' },
  { type: 'audio-delta', delta: 'AAAA' },
  { type: 'source', id: 's', url: 'https://example.org', title: 'Example', raw: {} },
  { type: 'source', id: 's2', url: 'https://example.com', raw: {} },
  { type: 'source', id: 's3', raw: {} },
  { type: 'file', mediaType: 'image/png', data: 'AAAA' },
  { type: 'tool-input-start', ...call, index: 0, providerExecuted: true },
  { type: 'tool-input-delta', toolCallId: 'c', delta: '{}' },
  { type: 'tool-call', ...call, input: {}, inputText: '{}', providerExecuted: true, signature: 'sig2' },
  { type: 'tool-result', ...call, output: { sum: 3 }, providerExecuted: true },
  { type: 'tool-result', ...call, output: 4 },
  { type: 'tool-input-start', toolCallId: 'd', toolName: 'sub', index: 1 },
  { type: 'tool-input-delta', toolCallId: 'd', delta: '{no' },
  { type: 'tool-input-error', toolCallId: 'd', toolName: 'sub', inputText: '{no', message: 'no JSON' },
  { type: 'keep-alive' },
  { type: 'raw', data: {} },
  { type: 'usage', usage: { inputTokens: 1, raw: {} } },
  { ...finish, finishReason: 'tool-calls', usage: { inputTokens: 1, raw: {} } },
];

const recorded = recordings().filter(({ bytes }) => bytes.length < 1e6);

describe.skipIf(recorded.length === 0)('toUiMessage, of recorded answers', () => {
  for (const { name, format, bytes } of recorded) {
    it(`writes ${name} so that ai 5, ai 6 and we read it alike`, async () => {
      const events = await eventsOf(format, [bytes]);
      const answer = (readers[format] as AnyReader)([bytes] as never);
      const text = wire(await lastValueFrom(answer.pipe(toUiMessage({ messageId: 'm1' }), toArray())));
      const first = events.filter((event) => !('choice' in event));
      const said = saidIn(first);
      for (const [version, read] of Object.entries(officialReaders)) {
        const { id, parts, errors } = await read(bytesOf(text));
        const textOf = (type: string) => parts.map((part) => (part.type === type ? part.text : '')).join('');
        expect([version, id, errors.length]).toEqual([version, 'm1', said.end.type === 'error' ? 1 : 0]);
        const refusal = first.map((event) => (event.type === 'refusal-delta' ? event.delta : '')).join('');
        expect(textOf('text')).toBe((said.text[0] ?? '') + refusal);
        expect(textOf('reasoning')).toBe(said.reasoning);
        const ready = first.flatMap((event) => (event.type === 'tool-call' ? [event.input] : []));
        expect(
          parts
            .filter(({ state }) => state === 'input-available' || state === 'output-available')
            .map(({ input }) => input),
        ).toEqual(ready);
      }
      const again = saidIn(await all(fromUiMessage([text])));
      expect(again.end.type).toBe(said.end.type);
      expect(again.reasoning).toBe(said.reasoning);
    });
  }
});

describe('toUiMessage', () => {
  it.each(Object.entries(officialReaders))('writes everything there is so that %s reads it', async (_, read) => {
    const chunks = await write(everything, { metadata: (event) => ({ said: event.type }) });
    const { parts, errors, metadata } = await read(bytesOf(wire(chunks)));
    expect(errors).toEqual([]);
    expect(metadata).toEqual({ said: 'finish' });
    expect(parts.map(({ type, text, state, url }) => [type, text ?? url ?? state])).toEqual([
      ['step-start', undefined],
      ['reasoning', 'hm'],
      ['reasoning', ''],
      ['text', 'Hi'],
      ['text', 'I will not'],
      ['source-url', 'https://example.org'],
      ['source-url', 'https://example.com'],
      ['file', 'data:image/png;base64,AAAA'],
      ['tool-add', 'output-available'],
      ['tool-sub', 'output-error'],
    ]);
    expect(parts.filter(({ state }) => state === 'streaming')).toEqual([]);
    expect(parts.slice(1, 3).map(({ providerMetadata }) => providerMetadata)).toEqual([
      { anthropic: { signature: 'sig' } },
      { anthropic: { redactedData: 'secret' } },
    ]);
  });

  it('leaves an input the model was stopped in as it is: unfinished, nothing to run', async () => {
    const cut = everything.map((event) =>
      event.type === 'finish' ? { ...event, finishReason: 'length' as const } : event,
    );
    const chunks = await write(cut);
    expect(chunks.some(({ type }) => type === 'tool-input-error')).toBe(false);
    for (const read of Object.values(officialReaders)) {
      const { parts } = await read(bytesOf(wire(chunks)));
      expect(parts.at(-1)).toMatchObject({ type: 'tool-sub', state: 'input-streaming' });
    }
  });

  it('gives back to Gemini what it wants back, and to nobody what is not known', async () => {
    const end = { type: 'text-end', id: 't', signature: 's' } as const;
    const text = { type: 'text-start', id: 't' } as const;
    expect(await write([{ ...start, format: 'gemini' }, text, end, finish])).toContainEqual({
      type: 'text-end',
      id: 't',
      providerMetadata: { google: { thoughtSignature: 's' } },
    });
    const thought = [
      { type: 'reasoning-start', id: 'r' } as const,
      { type: 'reasoning-end', id: 'r', encrypted: 'x' } as const,
    ];
    for (const format of ['openai-chat', 'gemini'] as const) {
      expect(await write([{ ...start, format }, ...thought, finish])).toContainEqual({
        type: 'reasoning-end',
        id: 'r',
      });
    }
    expect(await write([text, end, finish])).toContainEqual({ type: 'text-end', id: 't' });
  });

  it.each<[string, readonly LlmEvent[]]>([
    ['a failure that is told', [start, { type: 'text-start', id: 't' }, failed]],
    ['events that just end', [start, { type: 'text-start', id: 't' }]],
  ])('says %s, in words that give nothing away, and ends', async (_, events) => {
    expect(await write(events)).toEqual([
      { type: 'start' },
      { type: 'start-step' },
      { type: 'text-start', id: 't' },
      { type: 'error', errorText: 'An error occurred.' },
      { type: 'text-end', id: 't' },
      { type: 'finish-step' },
      { type: 'finish', finishReason: 'error' },
    ]);
  });

  it('says more to those who may know', async () => {
    const chunks = await write([failed], { errorText: ({ message }) => message });
    expect(chunks).toContainEqual({ type: 'error', errorText: 'key sk-1 is wrong' });
  });

  it('makes chunks of what the source throws', async () => {
    const answer$ = concat(
      of<LlmEvent>(start),
      throwError(() => new Error('a defect')),
    );
    const chunks = await lastValueFrom(
      answer$.pipe(
        toUiMessage(),
        map(({ type }) => type),
        toArray(),
      ),
    );
    expect(chunks).toEqual(['start', 'start-step', 'error', 'finish-step', 'finish']);
  });

  it.each(Object.entries(officialReaders))('is called off as %s knows it', async (_, read) => {
    const chunks = await write([start, { type: 'text-start', id: 't' }, { type: 'abort', reason: 'stop', partial }]);
    expect(chunks.at(-1)).toEqual({ type: 'abort' });
    expect((await read(bytesOf(wire(chunks)))).errors).toEqual([]);
  });

  it('stops when nobody wants more', async () => {
    const answer$ = concat(from(everything), NEVER);
    expect(await lastValueFrom(answer$.pipe(toUiMessage(), take(3), toArray()))).toHaveLength(3);
  });
});
