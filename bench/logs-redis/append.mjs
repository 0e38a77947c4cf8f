// Appends of 200 bytes to one Redis: the log beside XADD through the same client.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { startRedis } from './redis-process.mjs';

const at = (file) => new URL(file, import.meta.url);
const warmMs = 1500;
const measuredMs = 4000;

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
  ],
  measure,
});

async function measure(peer, load) {
  const redis = await startRedis();
  let producers;
  try {
    producers = await launch(peer.producers, { core: 1 });
    await producers.call('open', redis.port);
    await producers.call('begin', load);
    await sleep(warmMs);
    const others = watchOthers([redis.pid, producers.pid]);
    const before = await look(producers);
    await sleep(measuredMs);
    const after = await look(producers);
    const used = others();
    await producers.call('end');
    const chunks = after.count - before.count;
    return {
      appends: chunks / ((after.wallUs - before.wallUs) / 1e6),
      cpu: (after.cpuUs - before.cpuUs) / chunks,
      others: used,
    };
  } finally {
    await producers?.stop();
    await redis.stop();
  }
}

async function look(producers) {
  const [count, usage] = await Promise.all([producers.call('appended'), producers.call('usage')]);
  return { count, ...usage };
}
