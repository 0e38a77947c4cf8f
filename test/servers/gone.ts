import type { EventEmitter } from 'node:events';

/** Resolves when a socket is closed, also by an error: whoever hangs up on what he has not read resets the connection. */
export async function gone(socket: EventEmitter): Promise<void> {
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}
