import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { clock } from '../harness/clock.mjs';
import { nameOf, pace, streams as count } from './load.mjs';

/** @param {(chunk: { seq: number, at: number, text: string }) => object} content what a chunk is made with */
export function createSluiceServer(content) {
  const names = Array.from({ length: count }, (_, stream) => nameOf(stream));
  let streams;
  let stop;
  return {
    listen: async () => {
      // The last three seconds of every stream, for readers that come back.
      const server = await serve({ port: 0, log: createMemoryLog({ maxChunks: 64 }) });
      streams = server.streams;
      for (const name of names) await streams.create(name);
      return server.port;
    },
    start: () => {
      stop = pace((stream, chunk) => {
        const streamId = names[stream];
        streams.publish(streamId, [createChunk({ streamId, seq: chunk.seq, ...content(chunk) })]);
      }, clock);
    },
    pause: () => stop(),
  };
}
