import { kindOf } from '../chunk/index.js';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/** @internal Whether an address is one that nobody elsewhere reaches. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/** @internal What is said of who may come. */
interface Guard {
  readonly allowPublic?: boolean;
  readonly authenticate?: unknown;
}

/** @internal Whether others can reach an address where nobody is asked who he is, and that is not wanted. */
export function isUnguarded(host: string, { allowPublic, authenticate }: Guard): boolean {
  return allowPublic !== true && authenticate === undefined && !isLoopback(host);
}

/**
 * @internal The address to listen on.
 *
 * @throws RangeError for one that others can reach, where nobody is asked who he is, unless that is wanted
 */
export function checkHost(options: Guard & { readonly host?: string }): string {
  const host = options.host ?? '127.0.0.1';
  if (typeof host !== 'string' || host === '')
    throw new TypeError(`host must be a name or an address, got ${kindOf(host)}`);
  if (!isUnguarded(host, options)) return host;
  throw new RangeError(
    `host "${host}" is reachable from elsewhere and nothing is asked of who comes: hand over \`authenticate\`, ` +
      'such as apiKeys(…) or jwt(…), or say allowPublic to let everybody do everything',
  );
}
