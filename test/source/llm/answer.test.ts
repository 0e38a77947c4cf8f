import { type Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { createFlow } from '../../../src/flow/index.js';
import type { LlmEvent, LlmError } from '../../../src/source/llm/llm.js';
import { toAsyncIterable } from '../../../src/source/iterable.js';
import { fromOpenAiChat } from '../../../src/source/llm/openai-chat.js';
import { VirtualTime } from '../../virtual-time.js';
import { all, eventsOf, sse } from './reading.js';

const chunk = (content: string): object => ({ id: 'a', model: 'm', choices: [{ index: 0, delta: { content } }] });
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** An answer that comes when the test says so. */
function slow() {
  const pieces = new Subject<string>();
  const lost: string[] = [];
  const source = (signal: AbortSignal): ReadableStream<never> => {
    signal.addEventListener('abort', () => lost.push('aborted'));
    return new ReadableStream({
      start: (controller) => {
        pieces.subscribe((piece) => controller.enqueue(new TextEncoder().encode(piece) as never));
      },
      cancel: () => void lost.push('cancelled'),
    });
  };
  return { pieces, lost, source };
}

function collect(answer: Observable<LlmEvent>) {
  const types: string[] = [];
  let error: LlmError | undefined;
  const subscription = answer.subscribe({
    next: ({ type }) => void types.push(type),
    error: (thrown: LlmError) => {
      error = thrown;
      types.push(thrown.trouble);
    },
    complete: () => void types.push('completed'),
  });
  return { types, subscription, error: () => error };
}

describe('answer', () => {
  it('asks for each subscriber', async () => {
    let asked = 0;
    const answer = fromOpenAiChat(() => {
      asked++;
      return [sse(chunk('a'), stop, '[DONE]')];
    });
    expect(asked).toBe(0);
    const first = await all(answer);
    expect(await all(answer)).toEqual(first);
    expect(asked).toBe(2);
  });

  it('completes at the last word, and lets a connection go that stays open', async () => {
    const { pieces, lost, source } = slow();
    const { types } = collect(fromOpenAiChat(source));
    await nextTask();
    pieces.next(sse(chunk('a'), stop, '[DONE]', chunk('never')));
    await nextTask();
    expect(types).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'finish', 'completed']);
    expect(lost).toEqual(['aborted', 'cancelled']);
  });

  it('stops the request when nobody wants the answer any more', async () => {
    const { pieces, lost, source } = slow();
    const { types, subscription } = collect(fromOpenAiChat(source));
    await nextTask();
    pieces.next(sse(chunk('a')));
    await nextTask();
    subscription.unsubscribe();
    expect(lost).toEqual(['aborted', 'cancelled']);
    expect(types).toEqual(['start', 'text-start', 'text-delta']);
  });

  it('stops within a piece of bytes, too', async () => {
    const { pieces, lost, source } = slow();
    const { types } = collect(fromOpenAiChat(source).pipe(take(2)));
    await nextTask();
    pieces.next(sse(chunk('a'), chunk('b')));
    await nextTask();
    expect(types).toEqual(['start', 'text-start', 'completed']);
    expect(lost).toEqual(['aborted', 'cancelled']);
  });

  it('ends with an abort when it is called off', async () => {
    const { pieces, lost, source } = slow();
    const controller = new AbortController();
    const { types, error } = collect(fromOpenAiChat(source, { signal: controller.signal }));
    await nextTask();
    pieces.next(sse(chunk('abc')));
    await nextTask();
    controller.abort(new Error('enough'));
    expect(types.slice(-2)).toEqual(['text-delta', 'aborted']);
    const partial = { textLength: 3, reasoningLength: 0, toolCalls: 0 };
    expect(error()?.end).toEqual({ type: 'abort', reason: 'enough', partial });
    expect(lost).toEqual(['aborted', 'cancelled']);
  });

  it('does not ask when it was called off before', async () => {
    const { lost, source } = slow();
    const { types, error } = collect(fromOpenAiChat(source, { signal: AbortSignal.abort('no') }));
    await nextTask();
    expect(types).toEqual(['aborted']);
    expect(error()?.message).toBe('no');
    expect(lost).toEqual([]);
  });

  it('ends when nothing comes for too long; comments are something', async () => {
    const scheduler = new VirtualTime();
    const { pieces, lost, source } = slow();
    const { types, error } = collect(fromOpenAiChat(source, { idleTimeoutMs: 16, scheduler }));
    await scheduler.pass(10);
    pieces.next(': hello\n');
    await scheduler.pass(15);
    pieces.next(sse(chunk('a')));
    await scheduler.pass(15);
    expect(types).toEqual(['start', 'text-start', 'text-delta']);
    await scheduler.pass(3);
    expect(types.at(-1)).toBe('idle-timeout');
    expect(error()).toMatchObject({ retryable: true, code: 'idle-timeout', started: true });
    expect(lost).toEqual(['aborted', 'cancelled']);
  });

  it('leaves no timer behind', async () => {
    const scheduler = new VirtualTime();
    const { source } = slow();
    const { subscription } = collect(fromOpenAiChat(source, { idleTimeoutMs: 16, scheduler }));
    subscription.unsubscribe();
    await scheduler.pass(100);
    expect(scheduler.actions).toEqual([]);
  });

  it('reads nothing while its flow is shut', async () => {
    const flow = createFlow();
    const lane = flow.lane({ name: 'test', window: 1 });
    lane.hold();
    const { types } = collect(fromOpenAiChat([sse(chunk('a'), stop, '[DONE]')], { flow }));
    await nextTask();
    expect(types).toEqual([]);
    lane.release();
    await nextTask();
    expect(types.at(-1)).toBe('completed');
  });

  it('lets its flow stop it within a piece of bytes', async () => {
    const flow = createFlow();
    const piece = new TextEncoder().encode(sse(...Array.from({ length: 500 }, () => chunk('a')), stop, '[DONE]'));
    const events: LlmEvent[] = [];
    const answer = fromOpenAiChat([piece], { flow });
    for await (const event of toAsyncIterable(answer, { capacity: 8, flow })) events.push(event);
    expect(events).toHaveLength(504);
    expect(flow.stats.maxHeld).toBeLessThan(16);
  });

  it('hands on what goes wrong in the pipeline as it is', async () => {
    const broken = new StreamError('limit-reached', 'no');
    const errors: unknown[] = [];
    fromOpenAiChat(() => {
      throw broken;
    }).subscribe({ error: (error: unknown) => errors.push(error) });
    await nextTask();
    expect(errors).toEqual([broken]);
  });

  it('tells comments and pings when it is asked to', async () => {
    const text = `: x\n\n${sse(chunk('a'), ': y', stop, '[DONE]')}`;
    const types = async (options?: object): Promise<string[]> =>
      (await eventsOf('openai-chat', [text], options)).map(({ type }) => type);
    expect(await types()).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'finish']);
    const alive = ['keep-alive', 'start', 'text-start', 'text-delta', 'keep-alive', 'text-end', 'finish'];
    expect(await types({ keepAlive: true })).toEqual(alive);
  });

  it('keeps what the format has no word for when it is asked to', async () => {
    const odd = { object: 'something.else', x: [1] };
    const text = sse(chunk('a'), odd, stop, '[DONE]');
    expect(await eventsOf('openai-chat', [text], { unknown: 'raw' })).toContainEqual({ type: 'raw', data: odd });
    expect((await eventsOf('openai-chat', [text])).filter(({ type }) => type === 'raw')).toEqual([]);
  });

  it.each([
    ['a list', '[1,2]', 'an array'],
    ['a number', '5', 'a number'],
    ['null', 'null', 'null'],
  ])('has no use for %s', async (_, data, kind) => {
    const [event] = await eventsOf('openai-chat', [`data: ${data}\n\n`]);
    const message = `an event is ${kind} instead of an object`;
    expect(event).toMatchObject({ type: 'error', trouble: 'malformed', message, retryable: false });
  });

  it('has a bound for an event, and names it', async () => {
    const [event] = await eventsOf('openai-chat', [sse(chunk('a'.repeat(200)))], { maxEventLength: 100 });
    expect(event).toMatchObject({ trouble: 'overflow', message: 'an event is longer than maxEventLength = 100' });
  });

  it.each<[object, RegExp]>([
    [{ maxEventLength: 0 }, /maxEventLength/],
    [{ idleTimeoutMs: -1 }, /idleTimeoutMs/],
    [{ unknown: 'drop' }, /unknown/],
    [{ doneMark: 'never' }, /doneMark/],
  ])('refuses %j at once', (options, says) => {
    expect(() => fromOpenAiChat([], options as never)).toThrow(says);
  });

  it('refuses a source that is none at once', () => {
    expect(() => fromOpenAiChat(5 as never)).toThrow(
      'source must be an answer or a function that asks for one, got a number',
    );
  });

  it('says that what is no answer is none', async () => {
    expect(await all(fromOpenAiChat(of(1) as never))).toMatchObject([{ type: 'error' }]);
  });
});
