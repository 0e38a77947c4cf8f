import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { Producer, producerCalls } from '../fan-out/producer.mjs';
import { lineOf } from './line.mjs';

const channel = createChannel();
const producer = new Producer((chunk) => channel.broadcast(lineOf(chunk), 'data', { eventId: `${chunk.seq}` }));

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = createServer(async (request, response) => {
    channel.register(await createSession(request, response, { serializer: (line) => line, keepAlive: null }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, progressPort: await producer.listen() };
}
