import { cpuUs } from './load.mjs';
import { keyOf, openRaw, value } from './raw-lmdb.mjs';

const step = 10_000;
let raw;

export async function prepare(chunks) {
  raw = openRaw({ overlappingSync: false });
  for (let from = 0; from < chunks; from += step) {
    await raw.db.batch(() => {
      for (let seq = from; seq < from + step; seq++) raw.db.put(keyOf(1, seq), value);
    });
  }
  read(chunks);
}

export function read(chunks) {
  const before = { at: performance.now(), cpu: cpuUs() };
  let bytes = 0;
  for (const entry of raw.db.getRange({ start: keyOf(1, 0), end: keyOf(2, 0) })) bytes += entry.value.length;
  const seconds = (performance.now() - before.at) / 1000;
  if (bytes !== chunks * value.length) throw new Error(`${bytes} bytes were read`);
  return { perSecond: chunks / seconds, cpu: (cpuUs() - before.cpu) / chunks };
}

export const finish = () => raw.close();
