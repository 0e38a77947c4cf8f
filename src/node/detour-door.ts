import type { GatewayState } from '../gateway/index.js';
import { type Door, pathOf } from './door.js';
import { sendJson } from './send-json.js';

/** What tells how the server is, and is asked most when it is not well. */
const spared: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** What is said to those who come nevertheless: the words are those of `StreamError`. */
const refusals: Readonly<Record<Exclude<GatewayState, 'open'>, { readonly code: string; readonly message: string }>> = {
  draining: { code: 'connection-lost', message: 'the server is shutting down: ask another' },
  suspended: { code: 'log-unavailable', message: 'the server cannot reach what it keeps streams in: ask another' },
};

/**
 * @internal The door that stands before all others while the server wants nobody: whoever comes is told to go elsewhere, and his
 * connection ends.
 */
export function detourDoor(state: () => GatewayState): Door {
  return {
    handle: (request, response) => {
      const now = state();
      if (now === 'open' || spared.has(pathOf(request))) return false;
      response.setHeader('retry-after', '1');
      response.setHeader('connection', 'close');
      sendJson(request, response, 503, refusals[now]);
      return true;
    },
  };
}
