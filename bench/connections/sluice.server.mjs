import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { clock, timestampOf } from '../harness/clock.mjs';
import { everySecond, nameOf } from './load.mjs';

let server;
let stop;

export async function listen() {
  server = await serve({ port: 0, log: createMemoryLog({ maxChunks: 64 }) });
  return server.port;
}

/** Makes the streams before anything is measured: what is measured is what a connection takes. */
export async function prepare(streams) {
  for (let stream = 0; stream < streams; stream++) await server.streams.create(nameOf(stream));
}

export function start(streams) {
  stop = everySecond(
    streams,
    (stream, { seq, at, text }) => {
      const streamId = nameOf(stream);
      const chunk = createChunk({ streamId, seq, data: text, timestamp: timestampOf(at) });
      server.streams.publish(streamId, [chunk]);
    },
    clock,
  );
}

export const pause = () => stop();
