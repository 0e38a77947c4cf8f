import { kindOf } from '../chunk/index.js';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** @internal Whether an address is one that nobody elsewhere reaches. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/**
 * @internal The address to listen on.
 *
 * @throws RangeError for one that others can reach, where nobody is asked who he is, unless that is wanted
 */
export function checkHost(options: {
  readonly host?: string;
  readonly allowPublic?: boolean;
  readonly authenticate?: unknown;
}): string {
  const host = options.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '')
    throw new TypeError(`host must be a name or an address, got ${kindOf(host)}`);
  if (options.allowPublic === true || options.authenticate !== undefined || isLoopback(host)) return host;
  throw new RangeError(
    `host "${host}" is reachable from elsewhere and nothing is asked of who comes: hand over \`authenticate\`, ` +
      'such as apiKeys(…) or jwt(…), or say allowPublic to let everybody do everything',
  );
}
