import { createChunk } from '../dist/src/chunk/index.js';
import { serve } from '../dist/src/node/index.js';
import { Producer, producerCalls } from '../fan-out/producer.mjs';
import { lineOf } from './line.mjs';

const streamId = 'bench';
let streams;
const producer = new Producer((chunk) => {
  void streams.publish(streamId, [createChunk({ streamId, seq: chunk.seq, data: lineOf(chunk) })]);
});

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = await serve({ port: 0 });
  streams = server.streams;
  await streams.create(streamId, { contentType: 'text/plain' });
  return { port: server.port, progressPort: await producer.listen() };
}
