import type { ErrorCode } from '../../chunk/index.js';
import { closeCodes } from '../../protocol/index.js';

const statuses: Partial<Record<ErrorCode, number>> = {
  'name-invalid': 400,
  'frame-invalid': 400,
  unauthenticated: 401,
  expired: 401,
  'connection-refused': 403,
  forbidden: 403,
  'stream-not-found': 404,
  'limit-reached': 429,
  'rate-limited': 429,
  'budget-exhausted': 429,
  'connection-lost': 503,
  'log-unavailable': 503,
};

/** HTTP status of an error that is known before the first event. */
export function statusOf(code: ErrorCode): number {
  return statuses[code] ?? 500;
}

/** What to call a link that is closed before the first event. */
export function errorOfClose(closeCode: number): ErrorCode {
  if (closeCode === closeCodes['limit-reached']) return 'limit-reached';
  if (closeCode === closeCodes.unavailable) return 'log-unavailable';
  return closeCode === closeCodes['going-away'] ? 'connection-lost' : 'internal';
}

/** What to call an answer that does not say so itself; `undefined` where trying again may help. */
export function errorOfStatus(status: number): ErrorCode | undefined {
  if (status >= 500) return undefined;
  if (status === 401) return 'unauthenticated';
  if (status === 404) return 'stream-not-found';
  return status === 429 ? 'limit-reached' : 'connection-refused';
}
