import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that one connection of HTTP/1.1 may have sent ahead. */
const most = 100;

/** How many wait; on the socket itself, so that it costs nothing where none does. */
const waiting = Symbol('waiting');

interface Queued extends Socket {
  [waiting]?: number;
}

/**
 * @internal Answers requests of one connection one after the other. Who sends many ahead and reads no answer would otherwise have all
 * of them answered, each with as much as one answer may hold, for a few bytes.
 *
 * @param refused - told of who sends too many ahead: his connection ends
 */
export function inTurn(answer: RequestListener, refused: () => void): RequestListener {
  return (request, response) => {
    // Node gives it the socket when those before it are done.
    if (response.socket !== null) return answer(request, response);
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
      process.nextTick(() => answer(request, response));
    });
  };
}
