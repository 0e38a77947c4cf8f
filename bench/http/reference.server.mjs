import { DurableStreamTestServer } from '@durable-streams/server';
import { Producer, producerCalls } from '../fan-out/producer.mjs';
import { lineOf } from './line.mjs';

const path = '/v1/stream/bench';
const server = new DurableStreamTestServer({ port: 0, host: '127.0.0.1' });
const producer = new Producer((chunk) => server.store.append(path, Buffer.from(lineOf(chunk))));

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const url = await server.start();
  await server.store.create(path, { contentType: 'text/plain' });
  return { port: Number(new URL(url).port), progressPort: await producer.listen() };
}
