// LMDB with its own settings: puts of a turn are batched, and `flushed` says when the disk has them.
import { closedLoops } from './load.mjs';
import { keyOf, openRaw, value } from './raw-lmdb.mjs';

let raw;

export function prepare() {
  raw = openRaw({});
}

export function append(streams) {
  const next = new Array(streams).fill(0);
  return closedLoops(async (producer) => {
    raw.db.put(keyOf(producer % streams, next[producer % streams]++), value);
    await raw.db.flushed;
  });
}

export const finish = () => raw.close();
