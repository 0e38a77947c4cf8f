// What one write of a socket costs: one Buffer, framed as an HTTP chunk once, written past the responses.
import { createServer } from 'node:http';
import { Producer, producerCalls } from '../fan-out/producer.mjs';
import { lineOf } from './line.mjs';

const sockets = new Set();
const producer = new Producer((chunk) => {
  const offset = String(chunk.seq + 1).padStart(16, '0');
  const control = `event: control\ndata: {"streamNextOffset":"${offset}","upToDate":true}\n\n`;
  const event = `event: data\ndata: ${lineOf(chunk)}data: \n\n${control}`;
  const framed = Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`);
  for (const socket of sockets) socket.write(framed);
});

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    sockets.add(response.socket);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, progressPort: await producer.listen() };
}
