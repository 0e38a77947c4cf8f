import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Share, shareOf } from '../flow/room.js';
import type { Sink } from './reply.js';
import type { SharedBytes } from './shared-bytes.js';

/**
 * @internal The body of a response of Node, its headers written. Bytes that many answers carry are framed once for all of them,
 * and written past the response, which would frame them for each anew: that costs half as much as the write itself. See
 * docs/decisions/0019.
 */
export class NodeSink implements Sink {
  private waiting: Socket | undefined;
  private readonly room: Share;

  /** @param drained told when the response takes more */
  constructor(
    private readonly response: ServerResponse,
    private readonly drained: () => void,
  ) {
    response.on('drain', drained);
    this.room = shareOf(response);
    this.room.onTurn(drained);
    response.on('close', () => this.waiting?.off('drain', this.refilled));
    // A reader should know that it is heard before anything comes.
    response.flushHeaders();
  }

  write(bytes: Uint8Array): boolean {
    return this.response.write(bytes);
  }

  share(part: SharedBytes): boolean {
    const { response } = this;
    const { socket } = response;
    if (socket === null || !framesItself(response) || !socket.writable) return this.write(part.bytes);
    // A large part counts as too much even when the socket has taken all of it.
    if (socket.write(part.asHttpChunk) || socket.writableLength === 0) return true;
    if (this.waiting === undefined) {
      this.waiting = socket;
      socket.once('drain', this.refilled);
    }
    return false;
  }

  takes(bytes: number): boolean {
    return this.room.takes(bytes);
  }

  end(): void {
    this.response.end();
  }

  abort(): void {
    this.response.destroy();
  }

  private readonly refilled = (): void => {
    this.waiting = undefined;
    this.drained();
  };
}

/**
 * Whether all a response does with bytes is to write them as a chunk to its socket: not with HTTP/1.0 or HTTP/2, not when it is
 * over, and not when somebody stands before it, to compress say. A response that waits for the one before it has no socket yet.
 */
function framesItself(response: ServerResponse): boolean {
  return response.chunkedEncoding && !response.writableEnded && response.write === ServerResponse.prototype.write;
}
