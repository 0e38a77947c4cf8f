// Producers that append through the log, each to a stream of its own, with numbers that make it idempotent.
import { Redis } from 'ioredis';
import { createRedisLog } from '../dist/src/log/redis.js';
import { chunkOf, nameOf } from './chunks.mjs';

let log;
let count = 0;
let going = true;

export async function open(port) {
  log = createRedisLog(new Redis(port, '127.0.0.1', { lazyConnect: true }));
  await log.create('warm');
}

/** Producers at work until they are told to stop: each waits for the answer to one append before the next. */
export async function begin({ producers, batch, streams }) {
  for (let n = 0; n < streams; n++) await log.create(nameOf(n));
  for (let n = 0; n < producers; n++) void produce(`p${n}`, nameOf(n % streams), batch);
}

async function produce(id, stream, batch) {
  for (let seq = 0; going; seq += batch) {
    const chunks = Array.from({ length: batch }, () => chunkOf());
    await log.append(stream, chunks, { producer: { id, epoch: 0, seq } });
    count += batch;
  }
}

export const appended = () => count;

export async function end() {
  going = false;
  await new Promise((resolve) => setTimeout(resolve, 200));
  await log.dispose();
}
