import { type ActorPayload, type ErrorCode, errorCodes, type JsonValue, StreamError } from '../chunk/index.js';
import { troubleOf } from './recorder.js';

/** What an actor streams: pieces of its output are `T`, the whole is `O`. See `actorPayloads`. */
export type ActorChunk<T = JsonValue, O = JsonValue> =
  | Extract<ActorPayload, { type: 'start' | 'progress' | 'error' }>
  | { readonly type: 'data'; readonly value: T }
  | { readonly type: 'complete'; readonly output?: O };

/** A chunk behind which there is none: `complete` or `error`. */
export type ActorEnd<O = JsonValue> = Extract<ActorChunk<never, O>, { type: 'complete' | 'error' }>;

/** Whether a chunk is the last one. */
export function isActorEnd(chunk: { readonly type: string }): chunk is ActorEnd<never> {
  return chunk.type === 'complete' || chunk.type === 'error';
}

/** @internal What an actor says of an error. */
export function errorChunk(error: unknown): Extract<ActorPayload, { type: 'error' }> {
  return { type: 'error', ...troubleOf(error) };
}

/** @internal The error that a chunk tells of. */
export function errorOf({
  message,
  code,
}: {
  readonly message: string;
  readonly code?: string | undefined;
}): StreamError {
  const known = (errorCodes as readonly (string | undefined)[]).includes(code);
  return new StreamError(known ? (code as ErrorCode) : 'stream-failed', message);
}

/** @internal The error of a call that nobody wants any more. */
export function calledOff(reason: unknown): StreamError {
  if (reason instanceof StreamError) return reason;
  return new StreamError('run-cancelled', typeof reason === 'string' ? reason : 'the call was cancelled', {
    cause: reason,
  });
}
