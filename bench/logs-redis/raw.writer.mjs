import { Redis } from 'ioredis';
import { clock, timestampOf } from '../harness/clock.mjs';
import { chunkOf, nameOf } from './chunks.mjs';
import { pace } from './pace.mjs';

let client;
let stop;

export async function open(port) {
  client = new Redis(port, '127.0.0.1', { enableAutoPipelining: true });
  await client.ping();
}

export function start(streams, perSecond) {
  const next = new Float64Array(streams);
  stop = pace(streams, perSecond, (n) => {
    const { head, size } = chunkOf(timestampOf(clock()));
    void client.xadd(nameOf(n), `0-${++next[n]}`, 'head', head, 'size', size);
  });
}

export const pause = () => stop();
