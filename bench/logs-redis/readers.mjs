// 1 000 readers of 1 000 streams in one Redis, all over one connection: how long a chunk takes from its producer to its reader.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { startRedis } from './redis-process.mjs';

const at = (file) => new URL(file, import.meta.url);
const streams = 1000;
const warmMs = 2000;
const measuredMs = 4000;

await run({
  title: `${streams} readers of ${streams} streams in one Redis, over one connection, from append to reader`,
  loads: [2, 5, 10].map((perSecond) => ({ name: `${perSecond}/s`, perSecond })),
  limit: 'ioredis, one XREAD for all',
  peers: [
    { name: 'ioredis, one XREAD for all', writer: at('raw.writer.mjs'), readers: at('raw.readers.mjs') },
    { name: 'sluice', writer: at('sluice.writer.mjs'), readers: at('sluice.readers.mjs') },
  ],
  columns: [
    { key: 'delivered', head: 'chunks/s' },
    { key: 'p50', head: 'p50 ms' },
    { key: 'p99', head: 'p99 ms' },
    { key: 'max', head: 'max ms', ratio: false },
    { key: 'cpu', head: 'reader CPU µs/chunk' },
  ],
  measure,
});

async function measure(peer, { perSecond }) {
  const redis = await startRedis();
  let writer;
  let readers;
  try {
    writer = await launch(peer.writer, { core: 0 });
    readers = await launch(peer.readers, { core: 1 });
    await writer.call('open', redis.port, streams);
    await readers.call('open', redis.port, streams);
    return await preferred([redis, writer, readers], () => watch(redis, writer, readers, perSecond));
  } finally {
    await Promise.all([writer?.stop(), readers?.stop()]);
    await redis.stop();
  }
}

async function watch(redis, writer, readers, perSecond) {
  await writer.call('start', streams, perSecond);
  await sleep(warmMs);
  const others = watchOthers([redis.pid, writer.pid, readers.pid]);
  await readers.call('record', true);
  const before = await look(readers);
  await sleep(measuredMs);
  const after = await look(readers);
  const latency = await readers.call('record', false);
  const used = others();
  await settle(writer, readers);
  const chunks = after.count - before.count;
  return {
    delivered: chunks / ((after.wallUs - before.wallUs) / 1e6),
    ...latency,
    cpu: (after.cpuUs - before.cpuUs) / chunks,
    others: used,
  };
}

async function look(readers) {
  const [count, usage] = await Promise.all([readers.call('count'), readers.call('usage')]);
  return { count, ...usage };
}

/** Waits until everything that was made has been read: what is lost ends the benchmark. */
async function settle(writer, readers) {
  const made = await writer.call('pause');
  for (let patience = 200; patience > 0; patience--) {
    if ((await readers.call('count')) === made) return;
    await sleep(50);
  }
  throw new Error(`${made} chunks were made, ${await readers.call('count')} delivered`);
}
