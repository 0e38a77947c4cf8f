import type { JsonObject, JsonValue } from '../../chunk/index.js';

/** What a provider wants back with a part, by the provider's name. */
export type UiProviderMetadata = Record<string, Record<string, JsonValue>>;

/** What parts of a message may say besides. */
interface UiPart {
  readonly id: string;
  readonly providerMetadata?: UiProviderMetadata;
}

/** What concerns the call of a tool. */
interface UiCall {
  readonly toolCallId: string;
  readonly providerExecuted?: boolean;
  readonly dynamic?: boolean;
}

/** A call whose tool is named. */
interface UiNamedCall extends UiCall {
  readonly toolName: string;
}

/** Why a model stopped, as version 1 of the protocol says it. */
export type UiFinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';

/**
 * A chunk of a UI message stream of the AI SDK, version 1: those that every version from 5 on reads. Its readers give up a
 * whole message for one chunk they do not know, so that only these are written.
 */
export type UiMessageChunk =
  | { readonly type: 'start'; readonly messageId?: string; readonly messageMetadata?: JsonObject }
  | { readonly type: 'start-step' }
  | { readonly type: 'finish-step' }
  | {
      readonly type: 'finish';
      readonly finishReason?: UiFinishReason;
      readonly messageMetadata?: JsonObject;
    }
  | { readonly type: 'message-metadata'; readonly messageMetadata: JsonObject }
  | { readonly type: 'abort' }
  | { readonly type: 'error'; readonly errorText: string }
  | (UiPart & { readonly type: 'text-start' | 'text-end' | 'reasoning-start' | 'reasoning-end' })
  | (UiPart & { readonly type: 'text-delta' | 'reasoning-delta'; readonly delta: string })
  | (UiNamedCall & { readonly type: 'tool-input-start' })
  | { readonly type: 'tool-input-delta'; readonly toolCallId: string; readonly inputTextDelta: string }
  | (UiNamedCall & {
      readonly type: 'tool-input-available';
      readonly input: JsonValue;
      readonly providerMetadata?: UiProviderMetadata;
    })
  | (UiNamedCall & { readonly type: 'tool-input-error'; readonly input: JsonValue; readonly errorText: string })
  | (UiCall & { readonly type: 'tool-output-available'; readonly output: JsonValue; readonly preliminary?: boolean })
  | (UiCall & { readonly type: 'tool-output-error'; readonly errorText: string })
  | { readonly type: 'source-url'; readonly sourceId: string; readonly url: string; readonly title?: string }
  | {
      readonly type: 'source-document';
      readonly sourceId: string;
      readonly mediaType: string;
      readonly title: string;
      readonly filename?: string;
    }
  | { readonly type: 'file'; readonly url: string; readonly mediaType: string }
  | {
      readonly type: `data-${string}`;
      readonly data: JsonValue;
      readonly id?: string;
      readonly transient?: boolean;
    };

/** The least a chunk is, of whatever version: what is handed on unread. */
export interface AnyUiChunk {
  readonly type: string;
}
