// The limit, by hand: everything that came while the disk was busy is put in one batch. Nothing but the chunks is kept.
import { closedLoops } from './load.mjs';
import { keyOf, openRaw, value } from './raw-lmdb.mjs';

let raw;
let waiting = [];
let busy = false;

export function prepare() {
  raw = openRaw({ overlappingSync: false, eventTurnBatching: false });
}

async function commit() {
  const jobs = waiting;
  waiting = [];
  await raw.db.batch(() => {
    for (const { key } of jobs) raw.db.put(key, value);
  });
  for (const { resolve } of jobs) resolve();
  busy = waiting.length > 0;
  if (busy) setImmediate(commit);
}

function put(key) {
  if (!busy) {
    busy = true;
    setImmediate(commit);
  }
  return new Promise((resolve) => waiting.push({ key, resolve }));
}

export function append(streams) {
  const next = new Array(streams).fill(0);
  return closedLoops((producer) => put(keyOf(producer % streams, next[producer % streams]++)));
}

export const finish = () => raw.close();
