// The limit: XADD of the same bytes by ioredis itself, all that come together in one pipeline; no numbers, no end, no notice.
import { Redis } from 'ioredis';
import { chunkOf, nameOf } from './chunks.mjs';

let client;
let count = 0;
let going = true;

export async function open(port) {
  client = new Redis(port, '127.0.0.1', { enableAutoPipelining: true });
  await client.ping();
}

export function begin({ producers, batch, streams }) {
  for (let n = 0; n < producers; n++) void produce(nameOf(n % streams), batch);
}

async function produce(stream, batch) {
  while (going) {
    const chunks = Array.from({ length: batch }, () => chunkOf());
    if (batch === 1) await add(client, stream, chunks[0]);
    else {
      const pipeline = client.pipeline();
      for (const chunk of chunks) add(pipeline, stream, chunk);
      await pipeline.exec();
    }
    count += batch;
  }
}

function add(to, stream, { head, size }) {
  return to.xadd(stream, '*', 'head', head, 'size', size);
}

export const appended = () => count;

export async function end() {
  going = false;
  await new Promise((resolve) => setTimeout(resolve, 200));
  client.disconnect();
}
