/**
 * Every way a stream can go wrong at run time, one word each. The same words travel in `error` frames.
 *
 * | code | meaning |
 * |---|---|
 * | `name-invalid` | a stream name is empty, too long or holds a forbidden segment or character |
 * | `chunk-invalid` | a chunk does not fit the schema |
 * | `chunk-corrupt` | a chunk's data does not match its checksum |
 * | `chunk-too-large` | a chunk is larger than a frame or a log may hold |
 * | `data-malformed` | bytes, text or values are not in the format they should be in |
 * | `content-refused` | a check of yours refused what a stream says |
 * | `gap` | chunks are missing and will not come |
 * | `overflow` | a bounded buffer is full |
 * | `backpressure-broken` | an asynchronous operator stands between a source and the stage that should stop it |
 * | `idle-timeout` | nothing arrived for too long |
 * | `stream-not-found` | no stream has this name |
 * | `stream-exists` | a stream of this name exists with another configuration |
 * | `stream-closed` | the stream has ended and takes no more chunks |
 * | `stream-failed` | the producer ended the stream with a failure |
 * | `stream-cancelled` | the stream was cancelled |
 * | `producer-fenced` | a newer epoch of this producer exists |
 * | `sequence-gap` | a producer's number is ahead of what the log expects |
 * | `append-conflict` | an append was to begin at a number that its first chunk does not get |
 * | `log-full` | the log has reached its bound, or the end of its disk |
 * | `log-unavailable` | the log cannot be opened, reached or written; `cause` holds why |
 * | `log-incompatible` | what is kept is damaged, was written by another version, or is no log |
 * | `log-in-use` | the log is open elsewhere |
 * | `job-invalid` | a job's id or payload is none that a queue can keep |
 * | `job-too-large` | a job's payload is larger than a queue takes |
 * | `lease-lost` | a job was given to another, or is done: whoever had it has no say any more |
 * | `queue-full` | a queue holds as many jobs as it may |
 * | `queue-unavailable` | a queue cannot be reached or written; `cause` holds why |
 * | `queue-incompatible` | what should be a queue is something else |
 * | `queue-closed` | a queue was closed by its owner |
 * | `step-timeout` | a step of a run took longer than it may |
 * | `run-cancelled` | a run was cancelled |
 * | `run-left` | the process that had a run, or would have had it, leaves it to another |
 * | `run-not-found` | no run has this id |
 * | `pipeline-invalid` | a pipeline is not written as it should be, or is not the one the run began with |
 * | `answer-refused` | nobody waits for this answer, or it was given before |
 * | `frame-malformed` | a message is not a sequence of frames |
 * | `frame-unknown` | a frame's `t` names no known frame |
 * | `frame-invalid` | a frame does not fit its schema |
 * | `frame-unexpected` | a frame makes no sense at this point |
 * | `frame-too-large` | a message exceeds the negotiated size |
 * | `credit-invalid` | a grant is negative, fractional or beyond 2^53 - 1 |
 * | `limit-reached` | a configured limit (subscriptions, streams, publishers) is reached |
 * | `rate-limited` | more is asked or sent than this principal may in a while; `retryAfterMs` says when there is more |
 * | `budget-exhausted` | this principal has read as much as it may for now |
 * | `unauthenticated` | nobody knows who asks: no credentials, or none that are accepted |
 * | `expired` | the time of the credentials is over |
 * | `forbidden` | who asks is known, and may not do this |
 * | `connection-lost` | the connection broke and the retries are used up |
 * | `connection-refused` | the peer ended the connection and retrying is useless |
 * | `client-closed` | the client was closed by its owner |
 * | `callback-failed` | a function handed to an operator threw; `cause` holds what |
 * | `internal` | a defect: please report it |
 */
export const errorCodes = [
  'name-invalid',
  'chunk-invalid',
  'chunk-corrupt',
  'chunk-too-large',
  'data-malformed',
  'content-refused',
  'gap',
  'overflow',
  'backpressure-broken',
  'idle-timeout',
  'stream-not-found',
  'stream-exists',
  'stream-closed',
  'stream-failed',
  'stream-cancelled',
  'producer-fenced',
  'sequence-gap',
  'append-conflict',
  'log-full',
  'log-unavailable',
  'log-incompatible',
  'log-in-use',
  'job-invalid',
  'job-too-large',
  'lease-lost',
  'queue-full',
  'queue-unavailable',
  'queue-incompatible',
  'queue-closed',
  'step-timeout',
  'run-cancelled',
  'run-left',
  'run-not-found',
  'pipeline-invalid',
  'answer-refused',
  'config-invalid',
  'frame-malformed',
  'frame-unknown',
  'frame-invalid',
  'frame-unexpected',
  'frame-too-large',
  'credit-invalid',
  'limit-reached',
  'rate-limited',
  'budget-exhausted',
  'unauthenticated',
  'expired',
  'forbidden',
  'connection-lost',
  'connection-refused',
  'client-closed',
  'callback-failed',
  'internal',
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** What an error is about; every field is optional and JSON-safe. */
export interface ErrorDetails {
  /** Name of the stream. */
  readonly streamId?: string;
  /** Position of the chunk. */
  readonly seq?: number;
  /** The number that would have been right (`sequence-gap`, `producer-fenced`, `append-conflict`). */
  readonly expected?: number;
  /** Which operator raised it. */
  readonly operator?: string;
  /** Which field of the input was wrong. */
  readonly field?: string;
  /** Id of the job. */
  readonly job?: string;
  /** After how long it is worth to try again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Options of {@link StreamError}: the details and the `cause`. */
export interface StreamErrorOptions extends ErrorDetails {
  /** What led to it. */
  readonly cause?: unknown;
}

/**
 * The one error class of run-time trouble. Misuse of an API throws `TypeError` or `RangeError` instead.
 *
 * @example
 * chunks$.subscribe({ error: (e) => e instanceof StreamError && e.code === 'gap' && resync() });
 */
export class StreamError extends Error {
  /** What went wrong, as a word a program can switch on. */
  readonly code: ErrorCode;
  /** What it is about. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: StreamErrorOptions = {}) {
    const { cause, ...details } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StreamError';
    this.code = code;
    this.details = details;
  }
}

/**
 * Makes a {@link StreamError} of anything thrown; one that already is passes unchanged.
 *
 * @param code - used when `thrown` is not a `StreamError`
 */
export function toStreamError(thrown: unknown, code: ErrorCode, options: StreamErrorOptions = {}): StreamError {
  if (thrown instanceof StreamError) return thrown;
  return new StreamError(code, messageOf(thrown), { ...options, cause: thrown });
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  // Not every object can be made a string: one without a prototype throws.
  return typeof thrown === 'object' && thrown !== null ? `${kindOf(thrown)} was thrown` : String(thrown);
}

/**
 * Names a value's kind for a message, without printing the value: `a negative number`, `an array`, `null`.
 */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'number') return kindOfNumber(value);
  if (value === '') return 'an empty string';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function kindOfNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return 'Infinity';
  if (value < 0) return 'a negative number';
  if (!Number.isInteger(value)) return 'a fractional number';
  return 'a number';
}
