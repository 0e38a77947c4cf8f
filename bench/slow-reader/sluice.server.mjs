import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { createLoad } from './load.mjs';

const streamId = 'bench';
let streams;
const load = createLoad(({ seq, text }) => {
  streams.publish(streamId, [createChunk({ streamId, seq, data: text })]);
});

export const { publish } = load;

export async function listen() {
  // What the log keeps is there with and without a slow reader: little, so that the difference is seen.
  const server = await serve({ port: 0, log: createMemoryLog({ maxBytes: 4 << 20 }) });
  streams = server.streams;
  await streams.create(streamId);
  return { port: server.port, progressPort: await load.listenForProgress() };
}
