import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that one connection of HTTP/1.1 may have sent ahead. */
const most = 100;

/** How many wait; on the socket itself, so that it costs nothing where none does. */
const waiting = Symbol('waiting');

interface Queued extends Socket {
  [waiting]?: number;
}

/** Answers a request, of which something more may be known. */
type Listener<T> = (request: IncomingMessage, response: ServerResponse, known?: T) => void;

/**
 * @internal Answers requests of one connection one after the other, as what one does may be seen by the next, whose body is there first
 * perhaps. Who sends many ahead and reads no answer would otherwise have all of them answered, each with as much as one answer may hold,
 * for a few bytes.
 *
 * @param refused - told of who sends too many ahead: his connection ends
 */
export function inTurn<T>(answer: Listener<T>, refused: () => void): Listener<T> {
  return (request, response, known) => {
    // Node gives it the socket when those before it are done.
    if (response.socket !== null) return answer(request, response, known);
    const socket: Queued = request.socket;
    const ahead = (socket[waiting] ?? 0) + 1;
    socket[waiting] = ahead;
    if (ahead > most) {
      if (ahead === most + 1) refused();
      socket.destroy();
      return;
    }
    response.once('socket', () => {
      socket[waiting]!--;
      // It is being given to it at this moment.
      process.nextTick(() => answer(request, response, known));
    });
  };
}
