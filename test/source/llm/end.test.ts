import { of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { endAsError, endAsEvent, endEventOf, isLlmEnd, type LlmEvent, LlmError } from '../../../src/source/llm/llm.js';
import { marbles } from '../../../src/testing/index.js';

const partial = { textLength: 2, reasoningLength: 3, toolCalls: 1 };
const s: LlmEvent = { type: 'start', format: 'gemini' };
const t: LlmEvent = { type: 'text-delta', id: 'text-0', delta: 'ab' };
const r: LlmEvent = { type: 'reasoning-delta', id: 'reasoning-0', delta: 'abc' };
const c: LlmEvent = { type: 'tool-call', toolCallId: 'a', toolName: 'b', input: 1, inputText: '1' };
const f: LlmEvent = { type: 'finish', finishReason: 'stop', rawFinishReason: 'STOP' };
const e: LlmEvent = { type: 'error', trouble: 'provider', message: 'no', retryable: false, partial };
const a: LlmEvent = { type: 'abort', partial };
const events = { s, t, r, c, f, e, a };

describe('endAsEvent', () => {
  it('lets a failure be the last event', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<LlmEvent>('-s-t-#', events, new LlmError(e));
      const subscription = '         ^----!';
      const result = '               -s-t-(e|)';
      expectObservable(source.pipe(endAsEvent())).toBe(result, events);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('leaves a good end alone', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<LlmEvent>('-s-f|', events).pipe(endAsEvent())).toBe('-s-f|', events);
    }));

  it.each([
    [new StreamError('connection-lost', 'x'), { type: 'error', trouble: 'transport', retryable: true }],
    [new StreamError('idle-timeout', 'x'), { type: 'error', trouble: 'idle-timeout', retryable: false }],
    [new StreamError('overflow', 'x'), { type: 'error', trouble: 'overflow' }],
    [new StreamError('stream-cancelled', 'x'), { type: 'abort', reason: 'x' }],
    [new Error('x'), { type: 'error', trouble: 'transport', code: 'internal', message: 'x' }],
  ])('has an event for any error: %s', (error, event) => expect(endEventOf(error)).toMatchObject(event));
});

describe('isLlmEnd', () => {
  it('knows the three ends', () => {
    expect(Object.values(events).map(isLlmEnd)).toEqual([false, false, false, false, true, true, true]);
  });
});

describe('endAsError', () => {
  it.each(['e', 'a'] as const)('fails where %s stands, and lets the source go', (end) =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<LlmEvent>(`-s-t-${end}-t`, events);
      const subscription = '         ^----!';
      const result = '               -s-t-#';
      expectObservable(source.pipe(endAsError())).toBe(result, events, new LlmError(events[end] as never));
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }),
  );

  it('completes behind the finish, though the source goes on', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<LlmEvent>('-s-f---', events);
      const subscription = '         ^--!';
      const result = '               -s-(f|)';
      expectObservable(source.pipe(endAsError())).toBe(result, events);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  it('says how much had come of what ends without a last word', () => {
    let error: unknown;
    of(s, t, r, c)
      .pipe(endAsError())
      .subscribe({ error: (thrown: unknown) => (error = thrown) });
    expect(error).toBeInstanceOf(LlmError);
    expect(error).toMatchObject({ trouble: 'truncated', retryable: true, end: { partial } });
  });

  it('passes an error of the source on', () => {
    let error: unknown;
    const failed = new StreamError('connection-lost', 'x');
    throwError(() => failed)
      .pipe(endAsError())
      .subscribe({ error: (thrown: unknown) => (error = thrown) });
    expect(error).toBe(failed);
  });
});
