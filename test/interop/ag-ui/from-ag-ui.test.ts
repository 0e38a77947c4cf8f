import { describe, expect, it } from 'vitest';
import { type AnyAgUiEvent, fromAgUi } from '../../../src/interop/ag-ui/from-ag-ui.js';
import type { LlmOptions } from '../../../src/source/llm/llm.js';
import { all, boundaries, type Recording, saidIn, sha256, sse } from '../../source/llm/reading.js';
import { cuttings, type Sum, toolkitRecordings } from '../recordings.js';

interface Expected {
  readonly text: Sum;
  readonly reasoning: Sum;
  readonly tools: Readonly<Record<string, { readonly name: string; readonly args: string }>>;
  readonly finishReason: string | null;
  readonly error: string | null;
}

const recorded = toolkitRecordings<Expected>('ag-ui');

describe.skipIf(recorded.length === 0)('fromAgUi, recorded', () => {
  for (const recording of recorded) {
    const { name, bytes, expected } = recording;
    it(`reads ${name}, however it is cut`, async () => {
      for (const [way, pieces] of cuttings(bytes)) {
        const { text, reasoning, tools, end } = saidIn(await all(fromAgUi(pieces)));
        expect(sha256(text[0] ?? ''), way).toBe(expected.text.sha256);
        expect(sha256(reasoning), way).toBe(expected.reasoning.sha256);
        const calls = Object.entries(expected.tools).map(([id, { name: tool, args }]) => ({ id, name: tool, args }));
        expect(tools).toEqual(calls);
        if (expected.error !== null) expect(end).toMatchObject({ type: 'error', message: expected.error });
        else expect(end).toMatchObject({ type: 'finish', rawFinishReason: expected.finishReason });
      }
    });

    it(`tells ${name} from itself when it is cut between two events`, async () => {
      for (const at of boundaries(recording as unknown as Recording)) {
        if (!bytes.subarray(at).includes('RUN_')) continue;
        const end = (await all(fromAgUi([bytes.subarray(0, at)]))).at(-1);
        expect(end).toMatchObject({ type: 'error', trouble: 'truncated' });
      }
    });
  }
});

const read = (items: readonly unknown[], options?: LlmOptions) => fromAgUi(items as readonly AnyAgUiEvent[], options);
const begin = { type: 'RUN_STARTED', threadId: 't', runId: 'r' };
const over = { type: 'RUN_FINISHED', threadId: 't', runId: 'r' };

describe('fromAgUi', () => {
  it('reads messages that come as chunks, whoever they say they belong to', async () => {
    const events = await all(
      read([
        begin,
        { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', delta: 'a' },
        { type: 'TEXT_MESSAGE_CHUNK', delta: 'b' },
        { type: 'TOOL_CALL_CHUNK', toolCallId: 'c', toolCallName: 'add', delta: '{' },
        { type: 'TOOL_CALL_CHUNK', delta: '}' },
        { type: 'REASONING_MESSAGE_CHUNK', delta: 'hm' },
        over,
      ]),
    );
    expect(saidIn(events)).toMatchObject({
      text: ['ab'],
      reasoning: 'hm',
      tools: [{ id: 'c', name: 'add', args: '{}' }],
      end: { finishReason: 'tool-calls' },
    });
  });

  it('leaves out what people said, states and steps, unless they are wanted as they are', async () => {
    const items = [
      begin,
      { type: 'TEXT_MESSAGE_START', messageId: 'u', role: 'user' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'u', delta: 'a question' },
      { type: 'STATE_SNAPSHOT', snapshot: { a: 1 } },
      { type: 'RUN_PAUSED' },
      { type: 'TOOL_CALL_END', toolCallId: 'never' },
      { type: 'TOOL_CALL_FUTURE', toolCallId: 'never' },
      over,
    ];
    expect((await all(fromAgUi(items))).map(({ type }) => type)).toEqual(['start', 'finish']);
    expect(await all(fromAgUi(items, { unknown: 'raw' }))).toHaveLength(8);
  });

  it('does not begin a call again that has ended, and names what answers it', async () => {
    const call = { toolCallId: 'c', toolCallName: 'add' };
    const events = await all(
      read([
        begin,
        { type: 'TOOL_CALL_START', ...call },
        { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '{"a":1}' },
        { type: 'TOOL_CALL_END', toolCallId: 'c' },
        { type: 'TOOL_CALL_END', toolCallId: 'c' },
        { type: 'TOOL_CALL_START', ...call },
        { type: 'TOOL_CALL_RESULT', messageId: 'm', toolCallId: 'c', content: '3' },
        { type: 'TOOL_CALL_RESULT', messageId: 'm', toolCallId: 'd', content: '4' },
        over,
      ]),
    );
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'tool-result')).toEqual([
      { type: 'tool-result', toolCallId: 'c', toolName: 'add', output: '3' },
      { type: 'tool-result', toolCallId: 'd', toolName: '', output: '4' },
    ]);
  });

  it('adds up what several models took', async () => {
    const usage = [
      { inputTokens: 2, outputTokens: 3 },
      { inputTokens: 5, reasoningTokens: 1 },
    ];
    expect((await all(read([begin, { ...over, usage }]))).at(-1)).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 3, reasoningTokens: 1, raw: usage },
    });
  });

  it.each([
    ['an error', { type: 'RUN_ERROR', message: 'busy', code: 'overloaded_error' }, 'error', { retryable: true }],
    ['a cancelled run', { ...over, outcome: { type: 'cancelled' } }, 'abort', {}],
    ['an end that is none', { type: 'STEP_STARTED', stepName: 's' }, 'error', { trouble: 'truncated' }],
    ['a run that waits for somebody', { ...over, outcome: { type: 'interrupt' } }, 'finish', { finishReason: 'stop' }],
  ])('ends with %s', async (_, event, type, more) => {
    expect((await all(read([begin, event]))).at(-1)).toMatchObject({ type, ...more });
  });

  it('takes [DONE] behind the end, and not in its place', async () => {
    expect((await all(fromAgUi([sse(begin, over, '[DONE]')]))).at(-1)).toMatchObject({ type: 'finish' });
    expect((await all(fromAgUi([sse(begin, '[DONE]')]))).at(-1)).toMatchObject({ trouble: 'truncated' });
  });
});
