import { mergeMap, type OperatorFunction, pipe } from 'rxjs';
import { batch, type BatchOptions } from '../../../operators/batch.js';
import type { LlmEvent } from './event.js';

/** Options of {@link bufferDeltas}: at least one of the three bounds. */
export interface BufferDeltasOptions extends Pick<BatchOptions<LlmEvent>, 'maxItems' | 'maxDelayMs' | 'scheduler'> {
  /** Most UTF-16 units of text that are held, except that an event beyond it goes alone. Default `Infinity`. */
  readonly maxLength?: number;
}

type Delta = Extract<LlmEvent, { readonly delta: string }>;

/**
 * Makes few large pieces of many small ones: deltas of the same text, thought or input that follow each other become one. A
 * token takes a dozen bytes, what carries it a hundred.
 *
 * - **Emits** every event, in order: when `maxItems` or `maxLength` are held, `maxDelayMs` after the first of them, and
 *   before the completion or an error.
 * - **Errors** with the source.
 * - **Completes** with the source.
 * - **Holds** at most `maxItems` events, `maxLength` units, or what comes in `maxDelayMs`. One timer.
 *
 * @example
 * // source                           abc-----d|     text-delta, all of the same text
 * // bufferDeltas({ maxDelayMs: 3 })  ---x----(d|)   x: the three in one
 * answer$.pipe(bufferDeltas({ maxDelayMs: 30, maxLength: 2000 }));
 */
export function bufferDeltas(options: BufferDeltasOptions): OperatorFunction<LlmEvent, LlmEvent> {
  const { maxLength, ...bounds } = options;
  const size = (event: LlmEvent): number => (isDelta(event) ? event.delta.length : 0);
  const weighed = maxLength === undefined ? bounds : { ...bounds, maxBytes: maxLength, size };
  return pipe(batch(weighed), mergeMap(joined));
}

function isDelta(event: LlmEvent): event is Delta {
  return 'delta' in event;
}

function joined(events: readonly LlmEvent[]): LlmEvent[] {
  const all: LlmEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    const sum = last === undefined ? undefined : sumOf(last, event);
    if (sum === undefined) all.push(event);
    else all[all.length - 1] = sum;
  }
  return all;
}

/** Two deltas as one, if that says the same. The later one's number counts: who has it has both. */
function sumOf(first: LlmEvent, second: LlmEvent): LlmEvent | undefined {
  if (!isDelta(first) || !isDelta(second) || first.type !== second.type) return undefined;
  // Base64 cannot be joined.
  if (first.type === 'audio-delta' || placeOf(first) !== placeOf(second)) return undefined;
  return { ...second, delta: first.delta + second.delta };
}

function placeOf(event: Delta): string {
  if ('id' in event) return event.id;
  return 'toolCallId' in event ? event.toolCallId : `${(event as { choice?: number }).choice ?? 0}`;
}
