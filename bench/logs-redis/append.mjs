// Appends of 200 bytes to one Redis: the log beside XADD through the same client.
import { measureAppends } from './measure-appends.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);

await run({
  title: 'Appends of 200 bytes to a Redis without persistence, by producers that wait for each answer',
  loads: [
    { name: '100 producers, 100 streams', producers: 100, streams: 100, batch: 1 },
    { name: '100 producers, 1 stream', producers: 100, streams: 1, batch: 1 },
    { name: '10 producers, 100 at once', producers: 10, streams: 10, batch: 100 },
  ],
  limit: 'ioredis, pipelined XADD',
  peers: [
    { name: 'ioredis, pipelined XADD', producers: at('raw.producers.mjs') },
    { name: 'sluice', producers: at('sluice.producers.mjs') },
  ],
  columns: [
    { key: 'appends', head: 'chunks/s' },
    { key: 'cpu', head: 'producer CPU µs/chunk' },
    { key: 'server', head: 'Redis CPU µs/chunk' },
  ],
  measure: measureAppends,
});
