import { attempt, whenReady } from '../log/log.js';
import type { Streams } from '../streams/index.js';
import { type Door, pathOf } from './door.js';
import { isReadOnly } from './is-read-only.js';
import { refusalOf } from './request-error.js';
import { sendJson } from './send-json.js';

const path = '/streams';

/** @internal The door that lists streams. */
export function streamListDoor(streams: Pick<Streams, 'list'>): Door {
  return {
    handle: (request, response) => {
      if (pathOf(request) !== path) return false;
      if (!isReadOnly(request, response)) return true;
      attempt(
        () => whenReady(streams.list(), (list) => sendJson(request, response, 200, list)),
        (error) => {
          const { status, code, message } = refusalOf(error);
          sendJson(request, response, status, { code, message });
        },
      );
      return true;
    },
  };
}
