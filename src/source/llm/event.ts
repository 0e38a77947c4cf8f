import type { JsonValue } from '../../chunk/index.js';

/** Whose words a stream of a language model is written in. */
export type LlmFormat = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'ollama';

/** Where events come from: a provider, or a toolkit that hands on what one has said. */
export type LlmOrigin = LlmFormat | 'ui-message-stream' | 'ag-ui' | 'langgraph';

/** What every event may say besides. */
export interface LlmEventBase {
  /**
   * The provider's number of what this event was made of, where it numbers (OpenAI Responses), on the last event made of it:
   * whoever has this event has all up to this number, and may go on behind it.
   */
  readonly sequence?: number;
}

/** What an event belongs to. */
export interface LlmPart extends LlmEventBase {
  /** Which text, which reasoning: one word for all of its events, and no other's in the same stream. */
  readonly id: string;
  /** Which of several answers to the same question; left out for the first. */
  readonly choice?: number;
}

/** First of all: the provider has begun to answer. Exactly once. */
export interface LlmStart extends LlmEventBase {
  readonly type: 'start';
  readonly format: LlmOrigin;
  /** The provider's name for the answer. With it an OpenAI background response is found again. */
  readonly id?: string;
  readonly model?: string;
}

/** A text begins. */
export interface TextStart extends LlmPart {
  readonly type: 'text-start';
}

/** More of a text, never empty and never ending within a character. */
export interface TextDelta extends LlmPart {
  readonly type: 'text-delta';
  readonly delta: string;
}

/** A text is whole. One that was cut off has no end: what comes last says why. */
export interface TextEnd extends LlmPart {
  readonly type: 'text-end';
  /** What the provider wants back with the text. */
  readonly signature?: string;
}

/** A model begins to think aloud. */
export interface ReasoningStart extends LlmPart {
  readonly type: 'reasoning-start';
}

/** More of what a model thinks, never empty. */
export interface ReasoningDelta extends LlmPart {
  readonly type: 'reasoning-delta';
  readonly delta: string;
}

/** A thought is whole. */
export interface ReasoningEnd extends LlmPart {
  readonly type: 'reasoning-end';
  /** What the provider wants back with the thought. */
  readonly signature?: string;
  /** The thought itself where nobody but the provider may read it. */
  readonly encrypted?: string;
}

/** What an event about a tool belongs to. */
export interface LlmToolPart extends LlmEventBase {
  /** The provider's name for the call; one of ours, `call-0`, where it gives none. */
  readonly toolCallId: string;
  readonly toolName: string;
  readonly choice?: number;
  /** The provider runs the tool itself: there is nothing to execute. */
  readonly providerExecuted?: true;
}

/** A model begins to write the input of a tool. */
export interface ToolInputStart extends LlmToolPart {
  readonly type: 'tool-input-start';
  /** Where the provider counts it. */
  readonly index: number;
}

/** More of the JSON text of a tool's input. */
export interface ToolInputDelta extends LlmEventBase {
  readonly type: 'tool-input-delta';
  readonly toolCallId: string;
  readonly delta: string;
}

/** The input is whole and JSON: the one event on which a tool may be run. */
export interface ToolCall extends LlmToolPart {
  readonly type: 'tool-call';
  readonly input: JsonValue;
  readonly inputText: string;
  /** What the provider wants back with the call. */
  readonly signature?: string;
}

/** The input has ended and is no JSON, most often because the model may say no more: never run, never repaired. */
export interface ToolInputError extends LlmToolPart {
  readonly type: 'tool-input-error';
  readonly inputText: string;
  readonly message: string;
}

/** What came of a tool. */
export interface ToolResult extends LlmEventBase {
  readonly type: 'tool-result';
  readonly toolCallId: string;
  readonly toolName: string;
  readonly output: JsonValue;
  /** The provider ran the tool itself: so it is always, unless a toolkit hands the events on. */
  readonly providerExecuted?: true;
}

/** What an answer rests on. */
export interface LlmSourceEvent extends LlmEventBase {
  readonly type: 'source';
  readonly id: string;
  readonly url?: string;
  readonly title?: string;
  /** The provider's own words about it. */
  readonly raw: JsonValue;
}

/** A picture or another file of the answer, whole. */
export interface LlmFile extends LlmEventBase {
  readonly type: 'file';
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

/** More of an answer that is spoken. */
export interface AudioDelta extends LlmEventBase {
  readonly type: 'audio-delta';
  /** Base64 of sound; empty where only the transcript goes on. */
  readonly delta: string;
  readonly transcript?: string;
}

/** More of why a model does not answer, where the provider tells that apart from text. */
export interface RefusalDelta extends LlmEventBase {
  readonly type: 'refusal-delta';
  readonly delta: string;
  readonly choice?: number;
}

/** Tokens that an answer took. */
export interface LlmUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  /** Of the output, what went into reasoning. */
  readonly reasoningTokens?: number;
  /** Of the input, what the provider had kept. */
  readonly cachedInputTokens?: number;
  /** The provider's own figures. */
  readonly raw: JsonValue;
}

/** What it took, once, as soon as all of it is known: right before the end, also before one that is no good one. */
export interface LlmUsageEvent extends LlmEventBase {
  readonly type: 'usage';
  readonly usage: LlmUsage;
}

/** Why a model stopped, in the same words for all providers. */
export type LlmFinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';

/** Why one of several answers stopped. */
export interface LlmChoiceFinish {
  readonly choice: number;
  readonly finishReason: LlmFinishReason;
  readonly rawFinishReason: string;
}

/** Last: the provider said that this was all. */
export interface LlmFinish extends LlmEventBase {
  readonly type: 'finish';
  readonly finishReason: LlmFinishReason;
  /** In the provider's words. */
  readonly rawFinishReason: string;
  readonly usage?: LlmUsage;
  /** All answers, where there are several; `finishReason` is then the first one's. */
  readonly choices?: readonly LlmChoiceFinish[];
}

/** What kind of trouble ended an answer. */
export type LlmTrouble =
  /** The provider says so. */
  | 'provider'
  /** The data ended, in good order, before the provider had said that this was all. */
  | 'truncated'
  /** The connection failed. */
  | 'transport'
  /** The data are not what the format is. */
  | 'malformed'
  /** A line or an event is larger than was agreed. */
  | 'overflow'
  /** Nothing came for too long. */
  | 'idle-timeout';

/** How much of an answer had come: whoever tries again knows whether somebody has seen some of it. */
export interface LlmPartial {
  /** UTF-16 units of text. */
  readonly textLength: number;
  /** UTF-16 units of reasoning. */
  readonly reasoningLength: number;
  /** Calls of tools that were whole. */
  readonly toolCalls: number;
}

/** Last: the answer ended in trouble, and what has come of it is not all. */
export interface LlmErrorEvent extends LlmEventBase {
  readonly type: 'error';
  readonly trouble: LlmTrouble;
  readonly message: string;
  /** The provider's word for it. */
  readonly code?: string;
  /** Of HTTP, or what the provider said in its place. */
  readonly status?: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** How long the provider wants to be left alone. */
  readonly retryAfterMs?: number;
  readonly partial: LlmPartial;
}

/** Last: it was called off on our side. */
export interface LlmAbort extends LlmEventBase {
  readonly type: 'abort';
  readonly reason?: string;
  readonly partial: LlmPartial;
}

/** Nothing to say, but the provider lives. Only with `keepAlive`. */
export interface LlmKeepAlive extends LlmEventBase {
  readonly type: 'keep-alive';
}

/** What the format's reader has no word for. Only with `unknown: 'raw'`. */
export interface LlmRaw extends LlmEventBase {
  readonly type: 'raw';
  readonly data: JsonValue;
}

/** How a stream ends: exactly one of these, and nothing behind it. */
export type LlmEnd = LlmFinish | LlmErrorEvent | LlmAbort;

/**
 * What happens in the answer of a language model, whoever the provider is. The names are those of the AI SDK. Every event is
 * JSON as it is, so that it can be published.
 *
 * The order is a law: `start` first; for each id `…-start`, then its deltas, then `…-end`; a `tool-call` behind all of its
 * input; `usage` right before the end; one {@link LlmEnd}, last.
 */
export type LlmEvent =
  | LlmStart
  | TextStart
  | TextDelta
  | TextEnd
  | ReasoningStart
  | ReasoningDelta
  | ReasoningEnd
  | ToolInputStart
  | ToolInputDelta
  | ToolCall
  | ToolInputError
  | ToolResult
  | LlmSourceEvent
  | LlmFile
  | AudioDelta
  | RefusalDelta
  | LlmUsageEvent
  | LlmKeepAlive
  | LlmRaw
  | LlmEnd;
