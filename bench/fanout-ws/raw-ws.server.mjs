// The limit: encode once, hand every socket the same bytes.
import { WebSocketServer } from 'ws';
import { Producer, producerCalls } from '../fan-out/producer.mjs';

const asText = { binary: false };
const sockets = new Set();
const producer = new Producer((chunk) => {
  const message = Buffer.from(JSON.stringify(chunk));
  for (const socket of sockets) socket.send(message, asText);
});

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: server.address().port, progressPort: await producer.listen() };
}
