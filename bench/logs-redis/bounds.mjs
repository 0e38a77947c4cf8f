// What bounds an append of one chunk: the log beside the same bytes by hand, from one command to as many as the log needs.
import { measureAppends } from './measure-appends.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);
const byHand = (name, way) => ({ name, way, producers: at('bounds.producers.mjs') });

await run({
  title: 'One chunk of 200 bytes an append, 100 producers that wait for each answer: what each way of it costs',
  loads: [
    { name: '100 streams', producers: 100, streams: 100, batch: 1 },
    { name: '1 stream', producers: 100, streams: 1, batch: 1 },
  ],
  limit: 'ioredis, pipelined XADD',
  peers: [
    byHand('ioredis, pipelined XADD', 'pipelined'),
    byHand('XADD, one write a turn by hand', 'corked'),
    byHand('XADD with an id, and PUBLISH', 'published'),
    byHand('a script with one XADD', 'one'),
    byHand('a script: HMGET, XADD, HSET, PUBLISH', 'four'),
    byHand('chunks encoded, nothing sent', 'encoded'),
    { name: 'sluice', producers: at('sluice.producers.mjs') },
  ],
  columns: [
    { key: 'appends', head: 'chunks/s' },
    { key: 'cpu', head: 'producer CPU µs/chunk' },
    { key: 'server', head: 'Redis CPU µs/chunk' },
  ],
  measure: measureAppends,
});
