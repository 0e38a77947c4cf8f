import { type ErrorCode, StreamError } from '../chunk/index.js';

/** @internal A request that cannot be done, and what its sender is told. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** @internal A page of another host asks that may not. */
export function foreign(): RequestError {
  return new RequestError(403, 'connection-refused', 'this origin may not ask');
}

/** @internal */
export function tooMany(what: string, most: number): RequestError {
  return new RequestError(429, 'limit-reached', `there are ${most} ${what} already`);
}

const statuses: Partial<Record<ErrorCode, number>> = {
  'pipeline-invalid': 400,
  unauthenticated: 401,
  expired: 401,
  forbidden: 403,
  'run-not-found': 404,
  'stream-exists': 409,
  'answer-refused': 409,
  'limit-reached': 429,
  'rate-limited': 429,
  'budget-exhausted': 429,
  'connection-lost': 503,
  'run-left': 503,
  'log-unavailable': 503,
  'log-full': 507,
};

/** @internal What is told of a request that failed. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** @internal What is told of an error; of those that are none of ours, nothing that could give something away. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RequestError) return error;
  if (!(error instanceof StreamError)) return { status: 500, code: 'internal', message: 'the request failed here' };
  const { code, message, details } = error;
  const { field, retryAfterMs } = details;
  return {
    status: statuses[code] ?? 500,
    code,
    message,
    field,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
