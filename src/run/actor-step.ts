import { StreamError } from '../chunk/index.js';
import type { Actor, CallOptions } from './actor.js';
import { type ActorChunk, errorOf } from './actor-chunk.js';
import type { StepContext, StepFunction } from './step.js';

/**
 * An actor as a step that answers its output. A remote one may lose its worker: the step does not notice.
 *
 * @example
 * pipeline<string>('answer').step('search', outputStep(searcher)).step('write', dataStep(writer));
 */
export function outputStep<I, O>(actor: Actor<I, unknown, O>): StepFunction<I, Promise<O>, unknown> {
  return async (input, context) =>
    await actor.stream(input, callOf(context)).output({ heard: (chunk) => tell(chunk, context) });
}

/**
 * An actor as a step that puts out its data bit by bit, while it works. When a remote one loses its worker, what was put out
 * already cannot be taken back: the attempt has failed with `producer-fenced`, and is worth a `retry`.
 */
export function dataStep<I, T>(actor: Actor<I, T>): StepFunction<I, AsyncIterable<T>, unknown> {
  return async function* (input, context) {
    let isNew = true;
    for await (const chunk of actor.stream(input, callOf(context))) {
      tell(chunk, context);
      if (chunk.type === 'data') {
        isNew = false;
        yield chunk.value;
      } else if (chunk.type === 'error') {
        throw errorOf(chunk);
      } else if (chunk.type === 'start' && !isNew) {
        throw new StreamError('producer-fenced', `actor "${actor.name}" has begun anew`);
      }
    }
  };
}

/** A call is named after the step's attempt, where that is not too long, so that it can be found; and it is a call of its own. */
function callOf({ executionId, stepId, attempt, signal }: StepContext): CallOptions {
  const id = `${executionId}.${stepId.replaceAll('/', '.')}.${attempt}.${crypto.randomUUID().slice(0, 8)}`;
  return id.length > 128 ? { signal } : { id, signal };
}

/** Passes on how far the actor is, where that can be told as a part of a whole. */
function tell(chunk: ActorChunk<unknown, unknown>, { emitProgress }: StepContext): void {
  if (chunk.type !== 'progress') return;
  const { current, total, message } = chunk;
  if (total !== undefined && total > 0) emitProgress(Math.min(1, current / total), message);
}
