import { type DurableStreams, nodeHandler, type NodeHandlerOptions } from '../durable/index.js';
import type { Door } from './door.js';
import { principalOf } from './guard.js';

/** Where streams are found by the Durable Streams protocol. */
const path = '/v1/stream/';

/** The keys that sign webhooks are everybody's; a worker of a subscription shows a token of its own, which the door looks at. */
const open = /^\/v1\/stream\/__ds\/(?:jwks\.json|subscriptions\/[^/?]+\/(?:callback|ack|release))(?:\?|$)/;

/** @internal The door for the Durable Streams protocol. */
export function durableDoor(durable: DurableStreams, options: Pick<NodeHandlerOptions, 'origins' | 'refusals'>): Door {
  const answer = nodeHandler(durable, { path, ...options });
  return {
    handle: (request, response) => {
      if (request.url?.startsWith(path) !== true) return false;
      answer(request, response, principalOf(request));
      return true;
    },
    isOpen: ({ url = '' }) => open.test(url),
    dispose: () => durable.dispose(),
  };
}
