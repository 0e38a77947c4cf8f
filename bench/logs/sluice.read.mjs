import { createLmdbLog } from '../dist/src/log/lmdb.js';
import { chunk, cpuUs, temporary } from './load.mjs';

const { folder, remove } = temporary();
const step = 10_000;
const limit = { chunks: 1000, bytes: 1 << 24 };
let log;

export async function prepare(chunks) {
  log = await createLmdbLog(folder);
  await log.create('bench');
  const batch = Array.from({ length: step }, () => chunk);
  for (let from = 0; from < chunks; from += step) await log.append('bench', batch);
  read(chunks);
}

export function read(chunks) {
  const before = { at: performance.now(), cpu: cpuUs() };
  let bytes = 0;
  for (let from = 0; from < chunks;) {
    const slice = log.read('bench', from, limit);
    for (const { length } of slice.chunks) bytes += length;
    from += slice.chunks.length;
  }
  const seconds = (performance.now() - before.at) / 1000;
  if (bytes !== chunks * chunk.length) throw new Error(`${bytes} bytes were read`);
  return { perSecond: chunks / seconds, cpu: (cpuUs() - before.cpu) / chunks };
}

export async function finish() {
  await log.dispose();
  remove();
}
