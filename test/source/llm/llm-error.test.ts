import { describe, expect, it } from 'vitest';
import { StreamError } from '../../../src/chunk/index.js';
import { type LlmErrorEvent, LlmError } from '../../../src/source/llm/llm.js';

const partial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };
const end: LlmErrorEvent = {
  type: 'error',
  trouble: 'provider',
  message: 'no',
  retryable: true,
  retryAfterMs: 5,
  partial,
};

describe('LlmError', () => {
  it('says what its event says', () => {
    const cause = new Error('why');
    const error = new LlmError(end, cause);
    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({ name: 'LlmError', code: 'stream-failed', message: 'no', trouble: 'provider' });
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 5, started: false, end, cause });
  });

  it.each([
    ['truncated', 'data-malformed'],
    ['malformed', 'data-malformed'],
    ['transport', 'connection-lost'],
    ['overflow', 'overflow'],
    ['idle-timeout', 'idle-timeout'],
  ] as const)('has a code for %s', (trouble, code) => {
    expect(new LlmError({ ...end, trouble }).code).toBe(code);
  });

  it('tells what was called off from what failed', () => {
    const error = new LlmError({ type: 'abort', partial: { ...partial, toolCalls: 1 } });
    expect(error).toMatchObject({ code: 'stream-cancelled', trouble: 'aborted', retryable: false, started: true });
    expect(error.retryAfterMs).toBeUndefined();
    expect(new LlmError({ type: 'abort', reason: 'enough', partial }).message).toBe('enough');
  });
});
