import { asyncApi } from './documents/async-api.js';
import { openApi } from './documents/open-api.js';
import { type Door, pathOf } from './door.js';
import { isReadOnly, sendText } from './is-read-only.js';
import { packageVersion } from './package-version.js';

const makers: ReadonlyMap<string, (version: string) => object> = new Map([
  ['/openapi.json', openApi],
  ['/asyncapi.json', asyncApi],
]);

/** @internal The door where a server describes itself: `/openapi.json` for HTTP, `/asyncapi.json` for messages. */
export function documentsDoor(): Door {
  // Made when somebody asks: most servers are never asked.
  const made = new Map<string, string>();
  return {
    // What is spoken is no secret; what is said is.
    isOpen: (request) => makers.has(pathOf(request)),
    handle: (request, response) => {
      const path = pathOf(request);
      const make = makers.get(path);
      if (make === undefined) return false;
      if (!isReadOnly(request, response)) return true;
      const text = made.get(path) ?? JSON.stringify(make(packageVersion()));
      made.set(path, text);
      sendText(request, response, text, 'application/json; charset=utf-8');
      return true;
    },
  };
}
