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
  readonly status: number | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** Where a closed stream ends (`stream-closed`). */
  readonly offset: string | undefined;
  /** The epoch that is in force (`producer-fenced`). */
  readonly epoch: number | undefined;

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    const { status, retryAfterMs, offset, epoch, ...others } = options;
    super(code, message, others);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.offset = offset;
    this.epoch = epoch;
  }
}

/** @internal What a refused request was about. */
export interface Refused {
  readonly method: string;
  /** Path of the stream. Not the query: it may hold a token. */
  readonly path: string;
  /** Whether it named a place within the stream. */
  readonly located: boolean;
  /** Whether it had a `Stream-Seq`. */
  readonly numbered: boolean;
}

/**
 * @internal The error an answer stands for.
 *
 * @param said - the beginning of its body
 * @param now - milliseconds since the epoch, for a `Retry-After` that names a date
 */
export function errorOf(answer: Response, refused: Refused, said: string, now: number): HttpError {
  const { status, headers } = answer;
  const { method, path } = refused;
  const { code, ...details } = reasonOf(answer, refused);
  const reason = said === '' ? '' : `: ${said}`;
  return new HttpError(code, `${method} ${path}: the server answered ${status}${reason}`, {
    ...details,
    status,
    retryAfterMs: retryAfter(headers.get('retry-after'), now),
    offset: headers.get('stream-next-offset') ?? undefined,
    epoch: numberOf(headers.get('producer-epoch')),
  });
}

/**
 * @internal Whether the same request may do better later: the connection broke, or the server has trouble that passes.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  const { status, code } = error;
  if (status === undefined) return code === 'connection-lost';
  return status < 500 ? passing.has(status) : !lasting.has(status);
}

const passing = new Set([408, 425, 429]);
const lasting = new Set([501, 505, 507]);

interface Reason {
  readonly code: ErrorCode;
  readonly field?: string;
  readonly expected?: number;
}

function reasonOf({ status, headers }: Response, { method, located, numbered }: Refused): Reason {
  switch (status) {
    case 400:
      return located ? { code: 'data-malformed', field: 'offset' } : { code: 'data-malformed' };
    case 403:
      return { code: headers.has('producer-epoch') ? 'producer-fenced' : 'connection-refused' };
    case 404:
      return { code: 'stream-not-found' };
    case 409:
      return conflict(headers, method, numbered);
    case 410:
      // Gone is what was before the first offset that is kept, or the stream as a whole.
      return { code: located ? 'gap' : 'stream-not-found' };
    case 413:
      return { code: 'chunk-too-large' };
    case 429:
      return { code: 'limit-reached' };
    case 507:
      return { code: 'log-full' };
    default:
      return { code: status < 500 || lasting.has(status) ? 'connection-refused' : 'connection-lost' };
  }
}

function conflict(headers: Headers, method: string, numbered: boolean): Reason {
  if (method === 'PUT') return { code: 'stream-exists' };
  if (isTrue(headers.get('stream-closed'))) return { code: 'stream-closed' };
  const expected = numberOf(headers.get('producer-expected-seq'));
  if (expected !== undefined) return { code: 'sequence-gap', expected };
  return numbered ? { code: 'sequence-gap', field: 'seq' } : { code: 'data-malformed', field: 'contentType' };
}

/** @internal Whether a header says yes: any other value counts as no. */
export function isTrue(value: string | null): boolean {
  return value?.toLowerCase() === 'true';
}

function numberOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // A date begins with its day of the week; JavaScript finds a date in `-1` as well.
  const date = /^[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
