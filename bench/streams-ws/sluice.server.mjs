import { createChunk } from '../dist/src/chunk/index.js';
import { createMemoryLog } from '../dist/src/log/memory.js';
import { serve } from '../dist/src/node/index.js';
import { clock } from '../harness/clock.mjs';
import { nameOf, pace, streams as count } from './load.mjs';

const names = Array.from({ length: count }, (_, stream) => nameOf(stream));
let streams;
let stop;

export async function listen() {
  const server = await serve({ port: 0, log: createMemoryLog({ maxChunks: +(process.env.KEEP ?? 64) }) });
  streams = server.streams;
  for (const name of names) await streams.create(name);
  return server.port;
}

export function start() {
  stop = pace((stream, data) => {
    const streamId = names[stream];
    streams.publish(streamId, [createChunk({ streamId, seq: data.seq, data })]);
  }, clock);
}

export const pause = () => stop();
