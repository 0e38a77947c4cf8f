import type { Asking, Authenticate, Principal } from './auth.js';

/**
 * Knows whoever one of several ways to authenticate knows, asked in order. Credentials that one of them does not accept are not
 * shown to the next.
 *
 * @example
 * serve({ authenticate: anyOf(apiKeys(keys), jwt(settings), signedStreams({ keys: secrets })) });
 */
export function anyOf(...ways: readonly Authenticate[]): Authenticate {
  const ask = (asking: Asking, at: number): Principal | undefined | Promise<Principal | undefined> => {
    const way = ways[at];
    if (way === undefined) return undefined;
    const found = way(asking);
    if (found instanceof Promise) return found.then((principal) => principal ?? ask(asking, at + 1));
    return found ?? ask(asking, at + 1);
  };
  return (asking) => ask(asking, 0);
}
