import { createLmdbLog } from '../dist/src/log/lmdb.js';
import { chunk, closedLoops, temporary } from './load.mjs';

const { folder, remove } = temporary();
const batch = [chunk];
let log;

export async function prepare(streams) {
  log = await createLmdbLog(folder);
  await Promise.all(Array.from({ length: streams }, (_, stream) => log.create(`bench/${stream}`)));
}

export function append(streams) {
  return closedLoops((producer, n) =>
    log.append(`bench/${producer % streams}`, batch, { producer: { id: `p${producer}`, epoch: 0, seq: n } }),
  );
}

export async function finish() {
  await log.dispose();
  remove();
}
