import { type BaseEvent, HttpAgent, verifyEvents } from '@ag-ui/client';
import { concat, from, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { AgUiEvent } from '../../../src/interop/ag-ui/ag-ui-event.js';
import { fromAgUi } from '../../../src/interop/ag-ui/from-ag-ui.js';
import { toAgUi } from '../../../src/interop/ag-ui/to-ag-ui.js';
import { agUiHeaders, writeAgUi } from '../../../src/interop/ag-ui/write-ag-ui.js';
import type { LlmEvent } from '../../../src/source/llm/llm.js';
import { all, eventsOf, recordings, saidIn } from '../../source/llm/reading.js';

const ids = { threadId: 't', runId: 'r' };
const write = async (events: readonly LlmEvent[], options = {}): Promise<AgUiEvent[]> =>
  await lastValueFrom(from(events).pipe(toAgUi({ ...ids, ...options }), toArray()));

/** What the official client makes of it, with its schemas and its verifier. @throws what they find wrong */
async function official(events: readonly AgUiEvent[]): Promise<{ messages: readonly object[]; errors: string[] }> {
  const body = events.map((event) => writeAgUi(event)).join('');
  const fetch = () => Promise.resolve(new Response(body, { headers: agUiHeaders }));
  const agent = new HttpAgent({ url: 'http://127.0.0.1/agent', threadId: ids.threadId, fetch });
  const errors: string[] = [];
  const run = agent.runAgent({ runId: ids.runId }, { onRunErrorEvent: ({ event }) => void errors.push(event.message) });
  const { newMessages } = await run;
  return { messages: newMessages, errors };
}

/** The verifier by itself. @throws what it finds wrong */
async function verify(events: readonly AgUiEvent[]): Promise<void> {
  const checked = verifyEvents()(from(events) as never) as unknown as AsyncIterable<BaseEvent> & {
    subscribe(observer: object): unknown;
  };
  await new Promise<void>((resolve, reject) => checked.subscribe({ complete: resolve, error: reject }));
}

const start = { type: 'start', format: 'openai-chat' } as const;
const partial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };
const finish = { type: 'finish', finishReason: 'stop', rawFinishReason: 'stop' } as const;
const text: readonly LlmEvent[] = [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hi' },
];
const openCall: readonly LlmEvent[] = [
  { type: 'tool-input-start', toolCallId: 'c', toolName: 'add', index: 0 },
  { type: 'tool-input-delta', toolCallId: 'c', delta: '{"a"' },
];
const refused = {
  type: 'tool-input-error',
  toolCallId: 'c',
  toolName: 'add',
  inputText: '{"a"',
  message: 'cut',
} as const;

const recorded = recordings().filter(({ bytes }) => bytes.length < 1e6);

describe.skipIf(recorded.length === 0)('toAgUi, of recorded answers', () => {
  for (const { name, format, bytes } of recorded) {
    it(`writes ${name} so that the official client takes it, and we read it again`, async () => {
      const events = await eventsOf(format, [bytes]);
      const written = await write(events);
      await verify(written);
      const said = saidIn(events.filter((event) => !('choice' in event)));
      const again = saidIn(await all(fromAgUi(written)));
      expect(again.text.slice(0, 1)).toEqual(said.text.slice(0, 1));
      expect(again.reasoning).toBe(said.reasoning);
      if (said.end.type === 'error') return;
      const { messages, errors } = await official(written);
      if (errors.length > 0) return expect(again.end).toMatchObject({ type: 'error', code: 'tool-input' });
      const contents = messages.flatMap((message) => {
        const { role, content = '' } = message as { role: string; content?: string };
        return role === 'assistant' ? [content] : [];
      });
      expect(contents.join('')).toBe(said.text[0] ?? '');
      const calls = messages.flatMap((message) => (message as { toolCalls?: object[] }).toolCalls ?? []);
      expect(calls).toHaveLength(said.tools.length);
    });
  }
});

describe('toAgUi', () => {
  it('writes everything there is so that the official client takes it', async () => {
    const written = await write([
      start,
      { type: 'reasoning-start', id: 'q' },
      { type: 'reasoning-delta', id: 'q', delta: 'hm' },
      { type: 'reasoning-end', id: 'q' },
      ...text,
      { type: 'text-start', id: 't2', choice: 1 },
      { type: 'refusal-delta', delta: 'I will ' },
      { type: 'refusal-delta', delta: 'not' },
      { type: 'audio-delta', delta: 'AAAA' },
      { type: 'source', id: 's', url: 'https://example.org', raw: {} },
      { type: 'file', mediaType: 'image/png', data: 'AAAA' },
      ...openCall,
      { type: 'tool-input-delta', toolCallId: 'c', delta: ':1}' },
      { type: 'tool-call', toolCallId: 'c', toolName: 'add', input: { a: 1 }, inputText: '{"a":1}' },
      { type: 'tool-result', toolCallId: 'c', toolName: 'add', output: { sum: 3 } },
      { type: 'tool-result', toolCallId: 'c', toolName: 'add', output: 'three' },
      { type: 'keep-alive' },
      { type: 'raw', data: {} },
      { type: 'usage', usage: { inputTokens: 1, raw: {} } },
      { ...finish, usage: { inputTokens: 1, outputTokens: 2, raw: { a: 1 } } },
    ]);
    await verify(written);
    const { messages, errors } = await official(written);
    expect(errors).toEqual([]);
    expect(messages.map((message) => (message as { content?: unknown }).content)).toEqual(
      expect.arrayContaining(['hm', 'Hi', 'I will not', '{"sum":3}', 'three']),
    );
    expect(written.at(-1)).toEqual({
      type: 'RUN_FINISHED',
      ...ids,
      outcome: { type: 'success' },
      usage: [{ inputTokens: 1, outputTokens: 2 }],
      metadata: { finishReason: 'stop' },
    });
  });

  it('gives messages ids of their own in every run', async () => {
    const [one, other] = [
      await write([start, ...text, finish]),
      await write([start, ...text, finish], { runId: 'r2' }),
    ];
    const idIn = (events: readonly AgUiEvent[]) =>
      events.flatMap((event) => (event.type === 'TEXT_MESSAGE_START' ? [event.messageId] : []));
    expect(idIn(one)).not.toEqual(idIn(other));
  });

  it.each<[string, readonly LlmEvent[], object]>([
    [
      'fails',
      [...text, { type: 'error', trouble: 'provider', message: 'sk-1', retryable: false, partial }],
      { type: 'RUN_ERROR', code: 'provider', message: 'An error occurred.' },
    ],
    ['just ends', text, { type: 'RUN_ERROR', code: 'truncated' }],
    ['is called off', [...text, { type: 'abort', partial }], { type: 'RUN_FINISHED', outcome: { type: 'cancelled' } }],
    ['is called off within a call', [...openCall, { type: 'abort', partial }], { type: 'RUN_ERROR', code: 'aborted' }],
    ['could not finish a call', [...openCall, refused, finish], { type: 'RUN_ERROR', code: 'tool-input' }],
  ])('is valid when the model %s, and ends no call that has no input', async (_, events, end) => {
    const written = await write([start, ...events]);
    await verify(written);
    expect(written.at(-1)).toMatchObject(end);
    expect(written.some(({ type }) => type === 'TOOL_CALL_END')).toBe(false);
  });

  it('says of a failure what it is told to, and of one of the pipeline, too', async () => {
    const options = { ...ids, errorText: ({ message }: { message: string }) => message };
    const answer$ = concat(
      of<LlmEvent>(start),
      throwError(() => new Error('a defect')),
    );
    const events = await lastValueFrom(answer$.pipe(toAgUi(options), toArray()));
    expect(events.at(-1)).toEqual({ type: 'RUN_ERROR', code: 'transport', message: 'a defect' });
  });

  it('begins a run that has no start', async () => {
    expect((await write([finish])).map(({ type }) => type)).toEqual(['RUN_STARTED', 'RUN_FINISHED']);
    expect((await write([])).map(({ type }) => type)).toEqual(['RUN_STARTED', 'RUN_ERROR']);
  });

  it.each([{ threadId: '', runId: 'r' }, { threadId: 't' }])('refuses %j', (options) => {
    expect(() => toAgUi(options as never)).toThrow(TypeError);
  });
});
