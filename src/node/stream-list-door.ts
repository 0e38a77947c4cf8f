import { attempt, whenReady } from '../log/log.js';
import type { Access, Streams } from '../streams/index.js';
import { type Door, pathOf } from './door.js';
import { checkRequest, principalOf } from './guard.js';
import { isReadOnly } from './is-read-only.js';
import { sendJson, sendRefusal } from './send-json.js';

const path = '/streams';

/** @internal The door that lists streams: to everybody those he may read. */
export function streamListDoor(streams: Pick<Streams, 'list'>, access?: Access): Door {
  return {
    handle: (request, response) => {
      if (pathOf(request) !== path) return false;
      if (!isReadOnly(request, response)) return true;
      const listed = () => whenReady(streams.list(), (list) => access?.visible(principalOf(request), list) ?? list);
      attempt(
        () =>
          whenReady(checkRequest(access, request, 'list', ''), () =>
            whenReady(listed(), (list) => sendJson(request, response, 200, list)),
          ),
        (error) => sendRefusal(request, response, error),
      );
      return true;
    },
  };
}
