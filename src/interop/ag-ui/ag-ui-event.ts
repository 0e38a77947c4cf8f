import type { JsonObject, JsonValue } from '../../chunk/index.js';

/** Tokens a run took. */
export interface AgUiUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  readonly reasoningTokens?: number;
  readonly cachedInputTokens?: number;
}

/** What belongs to a message. */
interface OfMessage {
  readonly messageId: string;
}

/** The events of AG-UI 1.0 that are written: each is valid by the protocol's own schemas. */
export type AgUiEvent =
  | { readonly type: 'RUN_STARTED'; readonly threadId: string; readonly runId: string }
  | {
      readonly type: 'RUN_FINISHED';
      readonly threadId: string;
      readonly runId: string;
      readonly outcome: { readonly type: 'success' | 'cancelled' };
      readonly usage?: AgUiUsage[];
      readonly metadata?: JsonObject;
    }
  | { readonly type: 'RUN_ERROR'; readonly message: string; readonly code: string }
  | (OfMessage & { readonly type: 'TEXT_MESSAGE_START'; readonly role: 'assistant' })
  | (OfMessage & { readonly type: 'REASONING_MESSAGE_START'; readonly role: 'reasoning' })
  | (OfMessage & { readonly type: 'TEXT_MESSAGE_CONTENT' | 'REASONING_MESSAGE_CONTENT'; readonly delta: string })
  | (OfMessage & {
      readonly type: 'TEXT_MESSAGE_END' | 'REASONING_START' | 'REASONING_MESSAGE_END' | 'REASONING_END';
    })
  | { readonly type: 'TOOL_CALL_START'; readonly toolCallId: string; readonly toolCallName: string }
  | { readonly type: 'TOOL_CALL_ARGS'; readonly toolCallId: string; readonly delta: string }
  | { readonly type: 'TOOL_CALL_END'; readonly toolCallId: string }
  | (OfMessage & { readonly type: 'TOOL_CALL_RESULT'; readonly toolCallId: string; readonly content: string })
  | { readonly type: 'CUSTOM'; readonly name: string; readonly value: JsonValue };
