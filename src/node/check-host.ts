import { kindOf } from '../chunk/index.js';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * @internal The address to listen on.
 *
 * @throws RangeError for one that others can reach, unless that is wanted
 */
export function checkHost(options: { readonly host?: string; readonly allowPublic?: boolean }): string {
  const host = options.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '')
    throw new TypeError(`host must be a name or an address, got ${kindOf(host)}`);
  if (options.allowPublic === true || loopback.test(host)) return host;
  throw new RangeError(
    `host "${host}" is reachable from elsewhere and nothing is asked of who comes: say allowPublic to do it`,
  );
}
