import { fromBase64, type JsonValue, jsonProblem, toBase64 } from '../chunk/index.js';
import { weightOf } from './weight.js';

/** @internal What something came to, as an event tells it. */
export interface Outcome {
  readonly output?: JsonValue | undefined;
  /** The output is bytes. */
  readonly encoding?: 'base64' | undefined;
  /** No event can hold it. */
  readonly lost?: boolean | undefined;
}

/** @internal What something came to, to be told in an event of at most so many bytes. */
export function outcomeOf(value: unknown, maxBytes: number): Outcome {
  if (value === undefined) return {};
  if (weightOf(value, maxBytes) > maxBytes) return { lost: true };
  if (value instanceof Uint8Array) return { output: toBase64(value), encoding: 'base64' };
  return jsonProblem(value) === undefined ? { output: value as JsonValue } : { lost: true };
}

/** @internal What was told of. */
export function valueOf({ output, encoding }: Outcome): unknown {
  return encoding === undefined ? output : bytesOf(output as string);
}

/** @internal Bytes out of an event. */
export function bytesOf(text: string): Uint8Array {
  return fromBase64(text) ?? new Uint8Array();
}
