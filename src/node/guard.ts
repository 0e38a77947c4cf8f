import type { IncomingMessage } from 'node:http';
import type { Action, Principal } from '../auth/auth.js';
import { attempt, type MaybePromise, whenReady } from '../log/log.js';
import type { Access } from '../streams/index.js';
import { type Door, pathOf } from './door.js';
import { sendRefusal } from './send-json.js';

/** On the request itself: a map beside it would cost a connection a hundredth of what it costs in all. */
const key = Symbol('principal');

interface Known {
  [key]?: Principal;
}

/** Who asks, where somebody has found that out; `undefined` is nobody in particular. */
export function principalOf(request: IncomingMessage): Principal | undefined {
  return (request as Known)[key];
}

/** @internal It was found out who asks. */
export function remember(request: IncomingMessage, principal: Principal): void {
  (request as Known)[key] = principal;
}

/** @internal Asks for a door whether who comes may do something. Where there is no access, everybody may. */
export function checkRequest(
  access: Access | undefined,
  request: IncomingMessage,
  action: Action,
  streamId: string,
): MaybePromise<void> {
  return access?.check(principalOf(request), action, streamId);
}

/** @internal A door of which some paths are for those only who may do everything. */
export function forAdmins(access: Access | undefined, door: Door, ...paths: readonly string[]): Door {
  if (access === undefined) return door;
  return {
    ...door,
    handle: (request, response) => {
      if (!paths.includes(pathOf(request))) return door.handle(request, response);
      attempt(
        () => whenReady(checkRequest(access, request, 'admin', ''), () => void door.handle(request, response)),
        (error) => sendRefusal(request, response, error),
      );
      return true;
    },
  };
}
