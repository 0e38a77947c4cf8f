import { Code, ConnectError } from '@connectrpc/connect';
import { type ErrorCode, StreamError, toStreamError } from '../../chunk/index.js';
import { type CloseName, closeName } from '../../protocol/index.js';
import { ErrorDetailSchema } from './streams-pb.js';

const codes: Partial<Record<ErrorCode, Code>> = {
  'name-invalid': Code.InvalidArgument,
  'chunk-invalid': Code.InvalidArgument,
  'chunk-corrupt': Code.InvalidArgument,
  'data-malformed': Code.InvalidArgument,
  'frame-invalid': Code.InvalidArgument,
  'frame-malformed': Code.InvalidArgument,
  'stream-not-found': Code.NotFound,
  'stream-exists': Code.AlreadyExists,
  'stream-closed': Code.FailedPrecondition,
  'stream-cancelled': Code.FailedPrecondition,
  'sequence-gap': Code.FailedPrecondition,
  'producer-fenced': Code.Aborted,
  'append-conflict': Code.Aborted,
  'chunk-too-large': Code.ResourceExhausted,
  overflow: Code.ResourceExhausted,
  'log-full': Code.ResourceExhausted,
  'limit-reached': Code.ResourceExhausted,
  'rate-limited': Code.ResourceExhausted,
  'budget-exhausted': Code.ResourceExhausted,
  unauthenticated: Code.Unauthenticated,
  expired: Code.Unauthenticated,
  forbidden: Code.PermissionDenied,
  'connection-refused': Code.PermissionDenied,
  'log-unavailable': Code.Unavailable,
  'connection-lost': Code.Unavailable,
};

/** What an error of a call is about. */
interface CallErrorDetails {
  readonly expected?: number | undefined;
  readonly field?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** @internal The error of a call: its status by the code, and the code itself, with what belongs to it, in the details. */
export function callError(code: ErrorCode, message: string, details: CallErrorDetails = {}): ConnectError {
  const { expected, field = '', retryAfterMs } = details;
  const detail = {
    code,
    field,
    ...(expected === undefined ? {} : { expected: BigInt(expected) }),
    ...(retryAfterMs === undefined ? {} : { retryMs: BigInt(Math.ceil(retryAfterMs)) }),
  };
  return new ConnectError(message, codes[code] ?? Code.Internal, undefined, [
    { desc: ErrorDetailSchema, value: detail },
  ]);
}

/** @internal The error of a call for what was thrown while it was made. */
export function callErrorOf(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const { code, message, details } = thrown instanceof StreamError ? thrown : toStreamError(thrown, 'internal');
  // What a defect says may hold anything.
  return callError(code, code === 'internal' ? 'a defect of the server' : message, details);
}

const names: Partial<Record<CloseName, ErrorCode>> = {
  'going-away': 'connection-lost',
  lost: 'connection-lost',
  'idle-timeout': 'connection-lost',
  unavailable: 'log-unavailable',
  'limit-reached': 'limit-reached',
  unauthenticated: 'unauthenticated',
  expired: 'expired',
  forbidden: 'forbidden',
};

/** @internal The error of a call whose session was closed by the server. */
export function closeError(closeCode: number, reason: string, retryMs: number | undefined): ConnectError {
  const code = names[closeName(closeCode)] ?? 'internal';
  return callError(code, reason, { retryAfterMs: retryMs });
}
