import type { Gateway } from '../gateway/index.js';
import { isStreamPath } from '../transport/sse/route.js';
import { type EventStreamOptions, serveEventStream } from '../transport/sse/server.js';
import { type Door, pathOf } from './door.js';
import { principalOf } from './guard.js';

/** @internal The door for streams as server-sent events. */
export function eventStreamDoor(gateway: Gateway, options: EventStreamOptions): Door {
  return {
    handle: (request, response) => {
      if (!isStreamPath(pathOf(request))) return false;
      const principal = principalOf(request);
      serveEventStream(request, response, gateway, principal === undefined ? options : { ...options, principal });
      return true;
    },
  };
}
