// Appends through the log, in a process of its own: each stream has a producer that numbers its chunks.
import { Redis } from 'ioredis';
import { createRedisLog } from '../dist/src/log/redis.js';
import { clock, timestampOf } from '../harness/clock.mjs';
import { chunkOf, nameOf } from './chunks.mjs';
import { pace } from './pace.mjs';

let log;
let stop;
let failure;

export async function open(port, streams) {
  log = createRedisLog(new Redis(port, '127.0.0.1', { lazyConnect: true }));
  for (let n = 0; n < streams; n++) await log.create(nameOf(n));
}

export function start(streams, perSecond) {
  const next = new Float64Array(streams);
  stop = pace(streams, perSecond, (n) => {
    const producer = { id: 'p', epoch: 0, seq: next[n]++ };
    log.append(nameOf(n), [chunkOf(timestampOf(clock()))], { producer }).catch((error) => (failure = error));
  });
}

export function pause() {
  if (failure !== undefined) throw failure;
  return stop();
}
