import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Room } from '../flow/room.js';

/** @internal What {@link tendSession} is told. */
export interface TendSessionOptions {
  /** What its answers wait in. */
  readonly room: Room;
  /** How long it is kept when nothing is under way. */
  readonly keepAliveMs: number;
  /** How long nothing is heard before the other end is asked whether it lives. */
  readonly pingMs: number;
  /** How long nothing of an answer may be taken, beside the time that a slow reader needs. Default 60 000. */
  readonly stallMs?: number;
  /** Told of each answer that is ended. */
  readonly refused: () => void;
}

/** As often as this the other end may be silent when it is asked: as long as with a WebSocket. */
const patience = 2.5;
/** A reader may take as little as 16 KiB in a second. */
const msPerByte = 1000 / (16 * 1024);

/**
 * @internal Looks after a connection of HTTP/2: one that nothing is under way on is closed after a while. Where answers are, a peer who
 * has vanished says nothing: it is asked, and where nothing comes the connection is broken; after a goodbye, when it cannot be asked any
 * more, the system asks. An answer that its reader does not take is ended: what other answers carry would keep up the connection for ever.
 */
export function tendSession(session: ServerHttp2Session, socket: Socket, options: TendSessionOptions): void {
  const { room, keepAliveMs, pingMs, stallMs = 60_000, refused } = options;
  let heard = 0;
  let heardAt = room.now();
  const listen = (): void => {
    if (session.closed) return void socket.setKeepAlive(true, pingMs);
    if (room.shares.size === 0 || socket.bytesRead !== heard) {
      heard = socket.bytesRead;
      heardAt = room.now();
    }
    const silentMs = room.now() - heardAt;
    if (silentMs >= patience * pingMs) {
      room.vanished = true;
      // The session would wait until all that was written has gone.
      socket.destroy();
    } else if (silentMs >= pingMs / 2) {
      session.ping(ignore);
    }
  };
  const look = (): void => {
    listen();
    for (const share of room.shares) if (share.stalledMs(msPerByte) >= stallMs && share.end()) refused();
    room.callLater();
  };
  session.setTimeout(keepAliveMs);
  session.on('timeout', () => {
    // Once closed, it could not be asked any more.
    if (room.shares.size === 0) session.close();
    else session.setTimeout(keepAliveMs);
  });
  const timer = setInterval(look, Math.min(pingMs, stallMs) / 2);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}

const ignore = (): void => {};
