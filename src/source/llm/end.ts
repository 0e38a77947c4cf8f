import { catchError, map, of, type OperatorFunction, pipe } from 'rxjs';
import { operate, Stage } from '../../../operators/operate.js';
import { type JsonObject, toStreamError } from '../../chunk/index.js';
import type { LlmAbort, LlmEnd, LlmErrorEvent, LlmEvent, LlmPartial, LlmTrouble } from './event.js';
import { LlmError } from './llm-error.js';

/** Whether an event is the last word of an answer. */
export function isLlmEnd(event: LlmEvent): event is LlmEnd {
  return event.type === 'finish' || event.type === 'error' || event.type === 'abort';
}

/** An event as the data of a chunk. */
export type LlmEventData = LlmEvent & JsonObject;

const nothingYet: LlmPartial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };

const troubles: Readonly<Record<string, LlmTrouble>> = {
  'idle-timeout': 'idle-timeout',
  overflow: 'overflow',
  'data-malformed': 'malformed',
  'stream-failed': 'provider',
};

/** The event that says how an answer has failed. */
export function endEventOf(error: unknown): LlmErrorEvent | LlmAbort {
  if (error instanceof LlmError) return error.end;
  const { code, message } = toStreamError(error, 'internal');
  if (code === 'stream-cancelled') return { type: 'abort', reason: message, partial: nothingYet };
  const trouble = troubles[code] ?? 'transport';
  return { type: 'error', trouble, message, code, retryable: code === 'connection-lost', partial: nothingYet };
}

/**
 * Lets a failure be the last event in place of an error: for what is kept, sent on, or shown. Every answer then ends with
 * exactly one {@link LlmEnd}.
 *
 * - **Emits** every event, and behind a failure the one that says so.
 * - **Errors** never.
 * - **Completes** with the source, or behind its failure.
 * - **Holds** nothing.
 *
 * @example
 * // source         -s-t-#
 * // endAsEvent()   -s-t-(e|)
 * answer$.pipe(endAsEvent(), stamp({ streamId }), publishTo(streams, streamId)).subscribe();
 */
export function endAsEvent(): OperatorFunction<LlmEvent, LlmEventData> {
  return pipe(
    catchError((error: unknown) => of<LlmEvent>(endEventOf(error))),
    // Every event is JSON as it is, which an interface cannot say of itself.
    map((event) => event as LlmEventData),
  );
}

/**
 * The way back: what was kept or sent on fails again as it had. Events that end without a last word are `truncated`.
 *
 * - **Emits** every event but a failure.
 * - **Errors** with `LlmError` on a failure, and when the source completes without an end; with the source.
 * - **Completes** behind `finish`, the source let go.
 * - **Holds** nothing.
 *
 * @example
 * // source         -s-t-e      e: error
 * // endAsError()   -s-t-#
 * client.read(streamId).pipe(map(({ data }) => data as LlmEvent), endAsError());
 */
export function endAsError(): OperatorFunction<LlmEvent, LlmEvent> {
  return operate((destination) => new EndAsError(destination));
}

class EndAsError extends Stage<LlmEvent> {
  private readonly partial = { textLength: 0, reasoningLength: 0, toolCalls: 0 };

  protected override _next(event: LlmEvent): void {
    if (event.type === 'error' || event.type === 'abort') return this.fail(new LlmError(event));
    if (event.type === 'text-delta') this.partial.textLength += event.delta.length;
    else if (event.type === 'reasoning-delta') this.partial.reasoningLength += event.delta.length;
    else if (event.type === 'tool-call') this.partial.toolCalls++;
    this.destination.next(event);
    if (event.type === 'finish' && !this.closed) super._complete();
  }

  protected override _complete(): void {
    const message = 'the events end before the answer does';
    const end: LlmErrorEvent = { type: 'error', trouble: 'truncated', message, retryable: true, partial: this.partial };
    this.fail(new LlmError(end));
  }
}
