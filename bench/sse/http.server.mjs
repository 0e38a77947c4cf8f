// The limit: one Buffer, written to every response.
import { createServer } from 'node:http';
import { Producer, producerCalls } from '../fan-out/producer.mjs';

const responses = new Set();
const producer = new Producer((chunk) => {
  const event = Buffer.from(`id: ${chunk.seq}\ndata: ${JSON.stringify(chunk)}\n\n`);
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
