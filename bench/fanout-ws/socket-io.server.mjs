import { Server } from 'socket.io';
import { Producer, producerCalls } from '../fan-out/producer.mjs';

const server = new Server({ transports: ['websocket'], serveClient: false, perMessageDeflate: false });
const producer = new Producer((chunk) => server.emit('chunk', chunk));

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  server.listen(0);
  const { httpServer } = server;
  if (!httpServer.listening) await new Promise((resolve) => httpServer.once('listening', resolve));
  return { port: httpServer.address().port, progressPort: await producer.listen() };
}
