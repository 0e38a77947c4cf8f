import { type DurableStreams, nodeHandler, type NodeHandlerOptions } from '../durable/index.js';
import type { Door } from './door.js';

/** Where streams are found by the Durable Streams protocol. */
const path = '/v1/stream/';

/** @internal The door for the Durable Streams protocol. */
export function durableDoor(durable: DurableStreams, options: Pick<NodeHandlerOptions, 'origins'>): Door {
  const answer = nodeHandler(durable, { path, ...options });
  return {
    handle: (request, response) => {
      if (request.url?.startsWith(path) !== true) return false;
      answer(request, response);
      return true;
    },
    dispose: () => durable.dispose(),
  };
}
