// A million chunks of 200 bytes, read back.
import { measureIn } from './measure-in.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title: 'A million chunks of 200 bytes, read from the first to the last',
  loads: [{ name: '1 000 000', chunks: 1_000_000 }],
  limit: 'lmdb, one range',
  peers: [
    { name: 'lmdb, one range', worker: at('raw.read.mjs') },
    { name: 'sluice, 1 000 at a time', worker: at('sluice.read.mjs') },
  ],
  columns: [
    { key: 'perSecond', head: 'chunks/s' },
    { key: 'cpu', head: 'CPU µs/chunk' },
  ],
  measure: (peer, { chunks }) => measureIn(peer.worker, 'read', chunks),
});
