import { createChunk } from '../dist/src/chunk/index.js';
import { serve } from '../dist/src/node/index.js';
import { Producer, producerCalls } from './producer.mjs';

const streamId = 'bench';

/**
 * A server as its user would write it: the producer publishes every chunk by itself.
 *
 * @param {(chunk: { seq: number, at: number, text: string }) => object} content what the chunk is made with
 */
export function createSluiceServer(content) {
  let streams;
  const producer = new Producer((chunk) => {
    streams.publish(streamId, [createChunk({ streamId, seq: chunk.seq, ...content(chunk) })]);
  });
  const listen = async () => {
    const server = await serve({ port: 0 });
    streams = server.streams;
    await streams.create(streamId);
    return { port: server.port, progressPort: await producer.listen() };
  };
  return { listen, ...producerCalls(producer) };
}
