// 100 producers append chunks of 200 bytes, each waiting for the disk before its next one.
import { measureIn } from './measure-in.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title:
    '100 producers, chunks of 200 bytes, each on disk before the next of the same producer, by the number of streams',
  loads: [
    { name: '1 stream', streams: 1 },
    { name: '100 streams', streams: 100 },
  ],
  limit: 'lmdb, one batch at a time by hand',
  peers: [
    { name: 'lmdb, one batch at a time by hand', worker: at('raw.append.mjs') },
    { name: 'lmdb, as it batches by itself', worker: at('raw-default.append.mjs') },
    { name: '@durable-streams/server, files', worker: at('reference.append.mjs') },
    { name: 'sluice', worker: at('sluice.append.mjs') },
  ],
  columns: [
    { key: 'perSecond', head: 'appends/s' },
    { key: 'cpu', head: 'CPU µs/append' },
    { key: 'p50', head: 'p50 µs' },
    { key: 'p99', head: 'p99 µs' },
  ],
  measure: (peer, { streams }) => measureIn(peer.worker, 'append', streams),
});
