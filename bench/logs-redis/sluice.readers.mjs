// A reader for each stream, in a process of their own: each reads when it is told that there is something.
import { Redis } from 'ioredis';
import { createRedisLog } from '../dist/src/log/redis.js';
import { nameOf } from './chunks.mjs';
import { Latencies } from './latencies.mjs';

const limit = { chunks: 512, bytes: 56 * 1024 };
const latencies = new Latencies();
let log;

export async function open(port, streams) {
  log = createRedisLog(new Redis(port, '127.0.0.1', { lazyConnect: true }));
  for (let n = 0; n < streams; n++) follow(nameOf(n));
}

function follow(stream) {
  let next = 0;
  let reading = false;
  let again = false;
  const read = async () => {
    if (reading) return void (again = true);
    reading = true;
    do {
      again = false;
      const slice = await log.read(stream, next, limit);
      if (slice.from !== next) latencies.fail(`${stream}: expected chunk ${next}, got ${slice.from}`);
      for (const { head } of slice.chunks) latencies.got(head);
      next += slice.chunks.length;
      again ||= next < slice.next;
    } while (again);
    reading = false;
  };
  log.watch(stream, () => read().catch((error) => latencies.fail(`${error}`)));
}

export const count = () => latencies.count();
export const record = (begin) => latencies.record(begin);
