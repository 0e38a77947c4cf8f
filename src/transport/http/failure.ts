import { type ErrorCode, StreamError, type StreamErrorOptions } from '../../chunk/index.js';

/** What {@link HttpError} tells beyond a {@link StreamError}. */
export interface HttpErrorOptions extends StreamErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly offset?: string | undefined;
  readonly epoch?: number | undefined;
}

/** Trouble with a request, its answer, or the connection between. */
export class HttpError extends StreamError {
  override readonly name = 'HttpError';
  /** What the server answered; `undefined` when there was no answer, or it broke off. */
  declare readonly status: number | undefined;
  /** How long the server asks to wait. */
  declare readonly retryAfterMs: number | undefined;
  /** Where a closed stream ends (`stream-closed`). */
  declare readonly offset: string | undefined;
  /** The epoch that is in force (`producer-fenced`). */
  declare readonly epoch: number | undefined;

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    const { status, retryAfterMs, offset, epoch, ...others } = options;
    super(code, message, others);
    Object.assign(this, { status, retryAfterMs, offset, epoch });
  }
}

/** @internal What a refusal is about. */
export interface Reason extends HttpErrorOptions {
  /** Default: by the status of the answer. */
  readonly code?: ErrorCode | undefined;
}

/** The code of answers whose status says it all; of all others below 500 it is `connection-refused`. */
const codes: Readonly<Partial<Record<number, ErrorCode>>> = {
  400: 'data-malformed',
  404: 'stream-not-found',
  408: 'connection-lost',
  410: 'stream-not-found',
  413: 'chunk-too-large',
  425: 'connection-lost',
  429: 'limit-reached',
  501: 'connection-refused',
  505: 'connection-refused',
  507: 'log-full',
};

/**
 * @internal The error an answer stands for.
 *
 * @param asked - what was asked for
 * @param said - the beginning of its body
 * @param now - milliseconds since the epoch, for a `Retry-After` that names a date
 * @param reason - what the answer is about, as far as whoever asked can tell
 */
export function errorOf(
  { status, headers }: Response,
  asked: string,
  said: string,
  now: number,
  { code, ...about }: Reason = {},
): HttpError {
  return new HttpError(
    code ?? codes[status] ?? (status < 500 ? 'connection-refused' : 'connection-lost'),
    `${asked}: the server answered ${status}${said && `: ${said}`}`,
    { ...about, status, retryAfterMs: retryAfter(headers.get('retry-after') ?? '', now) },
  );
}

/**
 * @internal Whether the same request may do better later: the connection broke, or the server has trouble that passes.
 */
export function isTransient(error: unknown): boolean {
  return error instanceof HttpError && (error.code === 'connection-lost' || error.code === 'limit-reached');
}

/** @internal An answer that makes no sense. */
export function malformed(field: string, problem: string, cause?: unknown): StreamError {
  return new StreamError('data-malformed', `the answer is none of Durable Streams: ${field} ${problem}`, {
    field,
    cause,
  });
}

/** @internal Whether a header says yes: any other value counts as no. */
export function isTrue(value: string | null): boolean {
  return /^true$/i.test(value ?? '');
}

function retryAfter(value: string, now: number): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // A date begins with its day of the week; JavaScript finds a date in `-1` as well.
  const date = /^[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
