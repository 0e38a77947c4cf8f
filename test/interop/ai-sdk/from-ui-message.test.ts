import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { fromUiMessage } from '../../../src/interop/ai-sdk/from-ui-message.js';
import type { AnyUiChunk } from '../../../src/interop/ai-sdk/ui-chunk.js';
import type { LlmOptions } from '../../../src/source/llm/llm.js';
import { all, boundaries, type Recording, saidIn, sha256, sse } from '../../source/llm/reading.js';
import { cuttings, type Sum, toolkitRecordings } from '../recordings.js';

interface Expected {
  readonly finishReason: string;
  readonly errors: readonly string[];
  readonly text: Sum;
  readonly reasoning: Sum;
  readonly finalMessage: { readonly parts: readonly { type: string; toolCallId?: string; input?: unknown }[] };
}

const recorded = toolkitRecordings<Expected>('ai-sdk-ui');

describe.skipIf(recorded.length === 0)('fromUiMessage, recorded', () => {
  for (const recording of recorded) {
    const { name, bytes, expected } = recording;
    it(`reads ${name} as the official reader does, however it is cut`, async () => {
      for (const [way, pieces] of cuttings(bytes)) {
        const events = await all(fromUiMessage(pieces));
        const { text, reasoning, tools, end } = saidIn(events);
        expect(sha256(text[0] ?? ''), way).toBe(expected.text.sha256);
        expect(sha256(reasoning), way).toBe(expected.reasoning.sha256);
        const calls = expected.finalMessage.parts.filter(({ type }) => type.startsWith('tool-'));
        expect(tools.map(({ id }) => id)).toEqual(calls.map(({ toolCallId }) => toolCallId));
        if (expected.finishReason === 'length') continue;
        expect(tools.map(({ args }) => JSON.parse(args) as unknown)).toEqual(calls.map(({ input }) => input));
        if (expected.errors.length === 0) {
          expect(end).toMatchObject({ type: 'finish', finishReason: expected.finishReason });
        } else {
          expect(end).toMatchObject({ type: 'error', trouble: 'provider', message: expected.errors[0] });
        }
      }
    });

    it(`tells ${name} from itself when it is cut between two events`, async () => {
      for (const at of boundaries(recording as unknown as Recording)) {
        const rest = bytes.subarray(at).toString();
        if (!rest.includes('"type":"finish"') || !rest.includes('data: {"type"')) continue;
        const end = (await all(fromUiMessage([bytes.subarray(0, at)]))).at(-1)!;
        expect(end.type).toBe('error');
      }
    });
  }
});

const read = (items: readonly unknown[], options?: LlmOptions) =>
  fromUiMessage(items as readonly AnyUiChunk[], options);
const begin = [{ type: 'start', messageId: 'm1' }, { type: 'start-step' }];
const over = [{ type: 'finish-step' }, { type: 'finish', finishReason: 'stop' }];

describe('fromUiMessage', () => {
  it('reads chunks as they are, and goes on behind those it does not know', async () => {
    const strange = { type: 'reset-step' };
    const events = await all(read([...begin, { type: 'text-delta', id: 'a', delta: 'Hi' }, strange, ...over]));
    expect(events.map(({ type }) => type)).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'finish']);
    const raw = await all(read([...begin, strange, ...over], { unknown: 'raw' }));
    expect(raw[1]).toEqual({ type: 'raw', data: strange });
  });

  it('says nothing twice under one id: behind a step the same id is another part', async () => {
    const text = [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'a' },
    ];
    const events = await all(read([...begin, ...text, { type: 'finish-step' }, ...text, ...over]));
    expect(events.filter(({ type }) => type === 'text-start')).toEqual([
      { type: 'text-start', id: '0' },
      { type: 'text-start', id: '0-2' },
    ]);
  });

  it('hands out an input once it is whole, with the result and where it came from', async () => {
    const call = { toolCallId: 'c1', toolName: 'add' };
    const events = await all(
      read([
        ...begin,
        { type: 'tool-input-start', ...call },
        { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '{"a":' },
        { type: 'tool-input-delta', toolCallId: 'c1', inputTextDelta: '1}' },
        { type: 'tool-input-available', ...call, input: { a: 1 } },
        // A second time, as behind a repeated step, it is no second call.
        { type: 'tool-input-available', ...call, input: { a: 1 } },
        { type: 'tool-input-delta', toolCallId: 'never', inputTextDelta: 'x' },
        { type: 'tool-output-available', toolCallId: 'c1', output: 3 },
        { type: 'tool-output-available', toolCallId: 'c2', output: 4, providerExecuted: true },
        { type: 'tool-output-error', toolCallId: 'c1', errorText: 'no' },
        { type: 'tool-input-available', toolCallId: 'c3', toolName: 'sub', input: { b: 2 }, providerExecuted: true },
        ...over,
      ]),
    );
    expect(events.filter(({ type }) => type === 'tool-call')).toEqual([
      { type: 'tool-call', ...call, input: { a: 1 }, inputText: '{"a":1}' },
      {
        type: 'tool-call',
        toolCallId: 'c3',
        toolName: 'sub',
        providerExecuted: true,
        input: { b: 2 },
        inputText: '{"b":2}',
      },
    ]);
    expect(events.filter(({ type }) => type === 'tool-result')).toEqual([
      { type: 'tool-result', ...call, output: 3 },
      { type: 'tool-result', toolCallId: 'c2', toolName: '', output: 4, providerExecuted: true },
    ]);
  });

  it('never runs what somebody has refused', async () => {
    const refused = (more: object) =>
      read([...begin, { type: 'tool-input-error', toolCallId: 'c1', toolName: 'add', ...more }, ...over]);
    const events = await all(refused({ input: '{"a"', errorText: 'cut' }));
    expect(events).toContainEqual({
      type: 'tool-input-error',
      toolCallId: 'c1',
      toolName: 'add',
      inputText: '{"a"',
      message: 'cut',
    });
    expect((await all(refused({ input: {} }))).some(({ type }) => type === 'tool-call')).toBe(false);
  });

  it('knows sources and files', async () => {
    const events = await all(
      read([
        ...begin,
        { type: 'source-url', sourceId: 's1', url: 'https://example.org', title: 'Example' },
        { type: 'source-document', mediaType: 'text/plain', title: 'Doc' },
        { type: 'file', url: 'data:image/png;base64,AAAA', mediaType: 'image/png' },
        { type: 'file', url: 'https://example.org/a.png', mediaType: 'image/png' },
        ...over,
      ]),
    );
    expect(events.map((event) => [event.type, (event as { id?: string }).id])).toEqual([
      ['start', 'm1'],
      ['source', 's1'],
      ['source', 'source-0'],
      ['file', undefined],
      ['finish', undefined],
    ]);
  });

  it.each([
    ['an error', [{ type: 'error', errorText: 'quota' }], { type: 'error', trouble: 'provider', message: 'quota' }],
    ['an error without a word', [{ type: 'error' }], { type: 'error', trouble: 'provider' }],
    ['an abort', [{ type: 'abort', reason: 'stopped' }], { type: 'abort', reason: 'stopped' }],
    ['an abort without a word', [{ type: 'abort' }], { type: 'abort', reason: 'the answer was called off' }],
    ['an end that is none', [{ type: 'text-start', id: 'a' }], { type: 'error', trouble: 'truncated' }],
    ['a reason nobody knows', [{ type: 'finish', finishReason: 'bored' }], { type: 'finish', finishReason: 'other' }],
  ])('ends with %s', async (_, chunks, end) => {
    expect((await all(read([...begin, ...chunks]))).at(-1)).toMatchObject(end);
  });

  it('tells [DONE] before an end from an end', async () => {
    const events = await all(fromUiMessage([sse(...begin, '[DONE]')]));
    expect(events.at(-1)).toMatchObject({ type: 'error', trouble: 'truncated' });
  });

  it.each([
    ['half an event', `${sse(...begin)}data: {"type":"fin`, 'truncated'],
    ['an event that is no JSON', 'data: {no}\n\n', 'malformed'],
    ['a line without an end', `data: {"type":"${'x'.repeat(3000)}`, 'overflow'],
  ])('names the trouble of %s', async (_, text, trouble) => {
    const events = await all(fromUiMessage([text], { maxEventLength: 2000 }));
    expect(events.at(-1)).toMatchObject({ type: 'error', trouble });
  });

  it('refuses what is no stream', () => {
    expect(() => fromUiMessage('text' as never)).toThrow(TypeError);
    expect(() => fromUiMessage(NEVER as never, { maxEventLength: 0 })).toThrow(RangeError);
  });
});
