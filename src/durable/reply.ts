import { type ErrorCode, StreamError, toStreamError } from '../chunk/index.js';
import { type RefusalReason, reasonOfStatus } from '../probe/index.js';
import type { SharedBytes } from './shared-bytes.js';

/** Where an answer's bytes go, piece by piece. */
export interface Sink {
  /** Takes bytes. @returns whether it takes more at once; otherwise {@link Outflow.drained} says when */
  write(bytes: Uint8Array): boolean;
  /** {@link write} for bytes that other answers carry as well. Default: they are written like any other. */
  share?(part: SharedBytes): boolean;
  /**
   * Whether there is room for so many bytes, where what waits is bounded over several answers; they are written then. Otherwise
   * {@link Outflow.drained} says when there may be. Default: there is.
   */
  takes?(bytes: number): boolean;
  /** Ends the answer in good order. */
  end(): void;
  /** Breaks the answer off, so that nobody takes it for whole. */
  abort(): void;
}

/** An answer that is written piece by piece, at the pace of who reads it. */
export interface Outflow {
  /** Begins. Called once. */
  start(sink: Sink): void;
  /** The sink takes more. */
  drained(): void;
  /** The reader has gone, or the answer was ended. */
  closed(): void;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Outflow;
}

/** @internal A reason not to do what a request asks, with what the protocol wants to be said about it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const encoder = new TextEncoder();

/** @internal An answer without a body. */
export function answer(status: number, headers: Reply['headers'] = {}): Reply {
  return { status, headers };
}

/** @internal An answer in JSON. */
export function answerJson(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  const body = encoder.encode(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers }, body };
}

/** How trouble of the log is said in HTTP; what is missing here is 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'name-invalid': 400,
  'chunk-invalid': 400,
  'data-malformed': 400,
  unauthenticated: 401,
  expired: 401,
  forbidden: 403,
  'stream-not-found': 404,
  'stream-exists': 409,
  'stream-closed': 409,
  'stream-cancelled': 409,
  'append-conflict': 409,
  'chunk-too-large': 413,
  'limit-reached': 429,
  'rate-limited': 429,
  'budget-exhausted': 429,
  overflow: 503,
  'log-unavailable': 503,
  'connection-lost': 503,
  'log-full': 507,
};

/** What refusals are counted as whose status does not tell. */
const reasons: Readonly<Record<string, RefusalReason>> = {
  overflow: 'body',
  'content-type-mismatch': 'body',
  'name-reserved': 'forbidden',
  TOKEN_INVALID: 'unauthenticated',
  WEBHOOK_URL_REJECTED: 'webhook',
};

/** @internal What a refusal is counted as; `undefined` where it is none. */
export function reasonOf(thrown: unknown, status: number): RefusalReason | undefined {
  const known = thrown instanceof Refusal ? reasons[thrown.code] : undefined;
  return known ?? reasonOfStatus(status);
}

/** @internal The answer to a request that failed. */
export function answerError(thrown: unknown): Reply {
  if (thrown instanceof Refusal) {
    return answerJson(thrown.status, { code: thrown.code, message: thrown.message }, thrown.headers);
  }
  const error = thrown instanceof StreamError ? thrown : toStreamError(thrown, 'internal');
  const status = statuses[error.code] ?? 500;
  const { retryAfterMs = 1000 } = error.details;
  const headers: Record<string, string> = {};
  if (status === 503 || status === 429) headers['retry-after'] = `${Math.ceil(retryAfterMs / 1000)}`;
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  // What a defect says may hold anything.
  const message = error.code === 'internal' ? 'a defect of the server' : error.message;
  return answerJson(status, { code: error.code, message }, headers);
}
