import type { Gateway } from '../gateway/index.js';
import { isStreamPath } from '../transport/sse/route.js';
import { type EventStreamOptions, serveEventStream } from '../transport/sse/server.js';
import { type Door, pathOf } from './door.js';

/** @internal The door for streams as server-sent events. */
export function eventStreamDoor(gateway: Gateway, options: EventStreamOptions): Door {
  return {
    handle: (request, response) => {
      if (!isStreamPath(pathOf(request))) return false;
      serveEventStream(request, response, gateway, options);
      return true;
    },
  };
}
