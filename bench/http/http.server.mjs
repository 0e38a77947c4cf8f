// The limit: one Buffer, written to every response. The control event behind the data is what the protocol asks for.
import { createServer } from 'node:http';
import { Producer, producerCalls } from '../fan-out/producer.mjs';
import { lineOf } from './line.mjs';

const responses = new Set();
const producer = new Producer((chunk) => {
  const offset = String(chunk.seq + 1).padStart(16, '0');
  const control = `event: control\ndata: {"streamNextOffset":"${offset}","upToDate":true}\n\n`;
  const event = Buffer.from(`event: data\ndata: ${lineOf(chunk)}data: \n\n${control}`);
  for (const response of responses) response.write(event);
});

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    responses.add(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, progressPort: await producer.listen() };
}
