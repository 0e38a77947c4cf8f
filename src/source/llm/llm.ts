import type { SchedulerLike } from 'rxjs';
import type { Flow } from '../../flow/index.js';

export * from './event.js';
export * from './llm-error.js';
export * from './end.js';
export * from './buffer-deltas.js';
export * from './text-view.js';
export * from './tool-inputs.js';

/**
 * The answer of a language model: a stream of its SDK, whose items are `T`, or the bytes as they came, in any pieces: a
 * `Response`, a stream of the web or of Node, or any iterable of bytes or text.
 */
export type LlmAnswer<T> =
  | Response
  | ReadableStream<T | Uint8Array>
  | AsyncIterable<T | Uint8Array | string>
  | Iterable<T | Uint8Array | string>;

/**
 * What an answer is read from. Hand in a function where you can: it asks for each subscriber, and its signal stops the
 * request when nobody wants the answer any more. A stream that is already there is read once, and stopped as well as its
 * SDK can do that.
 */
export type LlmSource<T> =
  | LlmAnswer<T>
  | PromiseLike<LlmAnswer<T>>
  | ((signal: AbortSignal) => LlmAnswer<T> | PromiseLike<LlmAnswer<T>>);

/** Options of all that read an answer. */
export interface LlmOptions {
  /** Calls the answer off: the request stops, and the last word is `abort`. */
  readonly signal?: AbortSignal;
  /** Most UTF-16 units of one line, one event, or the input of one tool. Default 16 Mi: pictures come as one event. */
  readonly maxEventLength?: number;
  /** What becomes of items the format has no word for. Default `ignore`. */
  readonly unknown?: 'ignore' | 'raw';
  /** Whether comments and pings are told as `keep-alive`. Default `false`. */
  readonly keepAlive?: boolean;
  /** Longest time without a byte or an item, before the first and after each. Comments and pings count. Default: any. */
  readonly idleTimeoutMs?: number;
  /** The flow of the pipeline: nothing is read while it is shut. */
  readonly flow?: Flow;
  /** Default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}
