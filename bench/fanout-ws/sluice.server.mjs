import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { Producer, producerCalls } from '../fan-out/producer.mjs';

const streamId = 'bench';
let streams;
const producer = new Producer((data) => {
  streams.publish(streamId, [createChunk({ streamId, seq: data.seq, data })]);
});

export const { flat, paced, pause } = producerCalls(producer);

export async function listen() {
  const server = await serve({ port: 0, log: createMemoryLog() });
  streams = server.streams;
  await streams.create(streamId);
  return { port: server.port, progressPort: await producer.listen() };
}
