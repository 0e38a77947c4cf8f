import { type ErrorCode, StreamError } from '../chunk/index.js';

/** What systems, and HTTP clients on Node, call a way that is cut, shut or slow. */
const words =
  /^(?:ECONN(?:RESET|REFUSED|ABORTED)|E(?:TIMEDOUT|PIPE|AI_AGAIN|HOSTUNREACH|NETUNREACH|NETDOWN|NOTFOUND)|UND_ERR_(?:CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET))$/;

/** What browsers and Node say when a request did not get through. */
const sayings =
  /^(?:fetch failed|failed to fetch|load failed|networkerror\b|network error|network request failed|terminated)/i;

const ours: ReadonlySet<ErrorCode> = new Set([
  'connection-lost',
  'idle-timeout',
  'log-unavailable',
  'queue-unavailable',
]);

/** Answers that say: not now. */
const statuses: ReadonlySet<unknown> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Whether an error says that the way to somewhere is cut or shut, so that another try may get through: an error of a socket, of
 * `fetch`, an HTTP answer that asks for patience, or one of ours. What caused it counts as well.
 */
export function isNetworkTrouble(error: unknown): boolean {
  // A cause may be its own.
  for (let depth = 0, at = error; depth < 8 && at instanceof Error; depth++, at = at.cause) {
    const { code, status } = at as { readonly code?: unknown; readonly status?: unknown };
    if (at instanceof StreamError && ours.has(at.code)) return true;
    if (typeof code === 'string' && words.test(code)) return true;
    if (at instanceof TypeError && sayings.test(at.message)) return true;
    if (statuses.has(status)) return true;
  }
  return false;
}
