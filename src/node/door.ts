import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One way in: what answers requests of some paths. `serve` asks its doors in order, and the first that answers has the request. */
export interface Door {
  /** Answers a request if its path is one of this door's; says whether it is. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether a request proves itself who sent it, or is everybody's: then he is not asked at the door. Default: no. */
  isOpen?(request: IncomingMessage): boolean;
  /** Takes a WebSocket if its path is one of this door's; says whether it is. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Ends what goes on behind it, in good order, and takes no more. */
  dispose?(): void;
  /** Breaks off what has not ended a while after `dispose`. */
  abort?(): void;
}

/** The path of a request, without its query. */
export function pathOf({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}
