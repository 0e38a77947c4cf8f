import { originAllowed, type OriginHeaders, type Origins } from '../protocol/origin.js';
import type { Reply } from './reply.js';

/** Options of the shells that make a server of the Durable Streams protocol one of HTTP. */
export interface ShellOptions {
  /** Where the streams are: begins and ends with a slash. Default `/v1/stream/`. */
  readonly path?: string;
  /** Pages of other hosts that may read and write. Default: none. */
  readonly origins?: Origins;
}

/** @internal Headers of the protocol that may be there once. */
export const singleHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'stream-ttl',
  'stream-expires-at',
  'stream-closed',
  'stream-seq',
  'stream-forked-from',
  'stream-fork-offset',
  'stream-fork-sub-offset',
  'producer-id',
  'producer-epoch',
  'producer-seq',
]);

/** @internal What every answer says, so that no browser takes it for something else, or shows it where it does not belong. */
export function securityHeaders(origins: Origins | undefined): Readonly<Record<string, string>> {
  const policy = origins === undefined ? 'same-origin' : 'cross-origin';
  return {
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': policy,
    // A stream may be of any type, also one that a browser would run.
    'content-security-policy': "default-src 'none'; sandbox",
  };
}

const exposed = [
  'stream-next-offset',
  'stream-cursor',
  'stream-up-to-date',
  'stream-closed',
  'stream-ttl',
  'stream-expires-at',
  'stream-sse-data-encoding',
  'producer-epoch',
  'producer-seq',
  'producer-expected-seq',
  'producer-received-seq',
  'etag',
  'location',
  'retry-after',
].join(', ');

const varies = { vary: 'origin' };
const noPage = { allowed: true, headers: varies };

/** @internal Whether the page that asks may, and what to tell its browser. */
export function allowOrigin(
  origins: Origins | undefined,
  headers: OriginHeaders,
): { readonly allowed: boolean; readonly headers: Readonly<Record<string, string>> } {
  const { origin } = headers;
  if (origin === undefined) return noPage;
  if (!originAllowed(origins, headers)) return { allowed: false, headers: varies };
  return {
    allowed: true,
    headers: { ...varies, 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed },
  };
}

/** @internal The answer to a browser that asks what it may send. */
export function preflight(): Reply {
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
      'access-control-allow-headers': ['authorization', 'if-none-match', ...singleHeaders].join(', '),
      'access-control-max-age': '600',
    },
  };
}
