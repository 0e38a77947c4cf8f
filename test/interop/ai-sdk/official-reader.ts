import { type AnyUiChunk } from '../../../src/interop/ai-sdk/ui-chunk.js';
import { uiMessageChunkSchema as schema5, parseJsonEventStream as parse5, readUIMessageStream as read5 } from 'ai5';
import { uiMessageChunkSchema as schema6, parseJsonEventStream as parse6, readUIMessageStream as read6 } from 'ai6';

/** A part of a message, as far as tests look at it. */
export interface OfficialPart {
  readonly type: string;
  readonly text?: string;
  readonly state?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly errorText?: string;
  readonly url?: string;
  readonly providerMetadata?: unknown;
}

/** What an official reader made of a stream. */
export interface OfficialMessage {
  readonly id: string;
  readonly metadata?: unknown;
  readonly parts: readonly OfficialPart[];
  readonly errors: readonly string[];
}

type Reader = (bytes: ReadableStream<Uint8Array>) => Promise<OfficialMessage>;

interface Parsed {
  readonly success: boolean;
  readonly value?: unknown;
  readonly error?: unknown;
}

/** Reads bytes as `DefaultChatTransport` does, and the chunks as `useChat` does. */
function readerOf(
  chunksOf: (stream: ReadableStream<Uint8Array>) => ReadableStream<unknown>,
  messagesOf: (stream: ReadableStream<never>, onError: (error: unknown) => void) => AsyncIterable<unknown>,
): Reader {
  return async (bytes) => {
    const errors: string[] = [];
    const chunks = chunksOf(bytes).pipeThrough(
      new TransformStream<unknown, AnyUiChunk>({
        transform(item, controller) {
          const { success, value, error } = item as Parsed;
          if (!success) throw error;
          controller.enqueue(value as AnyUiChunk);
        },
      }),
    );
    let message: unknown = { id: '', parts: [] };
    const note = (error: unknown): void => void errors.push(String(error));
    for await (const state of messagesOf(chunks as ReadableStream<never>, note)) message = structuredClone(state);
    return { ...(message as OfficialMessage), errors };
  };
}

/** The readers of both major versions, as they are published. */
export const officialReaders: Readonly<Record<string, Reader>> = {
  'ai 5': readerOf(
    (stream) => parse5({ stream: stream as never, schema: schema5 }) as ReadableStream<unknown>,
    (stream, onError) => read5({ stream, onError }),
  ),
  'ai 6': readerOf(
    (stream) => parse6({ stream: stream as never, schema: schema6 }) as ReadableStream<unknown>,
    (stream, onError) => read6({ stream, onError }),
  ),
};

/** Text as a stream of bytes. */
export function bytesOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}
