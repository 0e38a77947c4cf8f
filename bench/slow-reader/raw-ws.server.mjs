import { WebSocketServer } from 'ws';
import { createLoad } from './load.mjs';

const sockets = new Set();
const load = createLoad((chunk) => {
  const message = Buffer.from(JSON.stringify(chunk));
  for (const socket of sockets) socket.send(message, { binary: false });
});

export const { publish } = load;

export async function listen() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: server.address().port, progressPort: await load.listenForProgress() };
}
