import { type ErrorCode, StreamError } from '../../chunk/index.js';
import type { LlmAbort, LlmErrorEvent, LlmTrouble } from './event.js';

const codes: Record<LlmTrouble, ErrorCode> = {
  provider: 'stream-failed',
  truncated: 'data-malformed',
  transport: 'connection-lost',
  malformed: 'data-malformed',
  overflow: 'overflow',
  'idle-timeout': 'idle-timeout',
};

/**
 * How the answer of a language model fails. `end` is the event that says so, for those who read events only.
 *
 * @example
 * answer$.pipe(retry({ count: 3, delay: (error) => {
 *   if (!(error instanceof LlmError) || !error.retryable || error.started) throw error;
 *   return timer(error.retryAfterMs ?? 1000);
 * } }));
 */
export class LlmError extends StreamError {
  override readonly name = 'LlmError';

  constructor(
    /** The last event of the answer. */
    readonly end: LlmErrorEvent | LlmAbort,
    cause?: unknown,
  ) {
    const code = end.type === 'abort' ? 'stream-cancelled' : codes[end.trouble];
    super(code, end.type === 'abort' ? (end.reason ?? 'the answer was called off') : end.message, { cause });
  }

  /** What kind of trouble it is; `aborted` when it was called off on our side. */
  get trouble(): LlmTrouble | 'aborted' {
    return this.end.type === 'abort' ? 'aborted' : this.end.trouble;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.end.type === 'error' && this.end.retryable;
  }

  /** How long the provider wants to be left alone. */
  get retryAfterMs(): number | undefined {
    return this.end.type === 'error' ? this.end.retryAfterMs : undefined;
  }

  /** Whether some of the answer had come, which another attempt would bring again. */
  get started(): boolean {
    const { textLength, reasoningLength, toolCalls } = this.end.partial;
    return textLength + reasoningLength + toolCalls > 0;
  }
}
