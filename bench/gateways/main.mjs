// What a second gateway over one Redis is worth. On two cores nobody can see it in chunks a second: two gateways that were busy would
// leave no core for Redis, for who writes and for who reads. So the load stays below what one gateway can do, each gateway has the
// first core for itself while the others share the second, and what is compared is the CPU time that a delivered chunk costs all
// gateways together. What one core could deliver follows from it, and what two could: that is the gain where there are cores enough.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { startRedis } from '../logs-redis/redis-process.mjs';
import { perSecond, streams } from './load.mjs';

const at = (file) => new URL(file, import.meta.url);
const warmMs = 3000;
const measuredMs = 8000;

await run({
  title: `${streams} streams in one Redis, ${perSecond} chunks of 200 bytes a second each, by the readers of each over WebSocket`,
  loads: [10, 50, 200].map((size) => ({ name: `${size}`, size })),
  limit: '1 gateway',
  peers: [1, 2].map((gateways) => ({ name: `${gateways} gateway${gateways > 1 ? 's' : ''}`, gateways })),
  columns: [
    { key: 'delivered', head: 'chunks/s' },
    { key: 'cpu', head: 'CPU µs/chunk of all gateways' },
    { key: 'most', head: 'busiest gateway, cores' },
    { key: 'could', head: 'could deliver with a core each, chunks/s' },
    { key: 'p50', head: 'p50 ms', ratio: false },
    { key: 'p99', head: 'p99 ms', ratio: false },
  ],
  measure,
});

async function measure({ gateways: count }, { size }) {
  const redis = await startRedis(1);
  const children = [];
  const begin = async (file, core) => {
    const child = await launch(at(file), { core });
    children.push(child);
    return child;
  };
  try {
    const url = `redis://127.0.0.1:${redis.port}`;
    const writer = await begin('writer.mjs', 1);
    await writer.call('open', url);
    const gateways = [];
    for (let i = 0; i < count; i++) gateways.push(await begin('gateway.mjs', 0));
    const ports = await all(gateways, 'listen', url);
    const readers = await begin('readers.mjs', 1);
    await readers.call('connect', ports, size);
    return await preferred([redis, ...children], () => watch({ redis, writer, gateways, readers, children }, size));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await redis.stop();
  }
}

async function watch({ redis, writer, gateways, readers, children }, size) {
  await writer.call('start');
  await sleep(warmMs);
  const others = watchOthers([redis.pid, ...children.map(({ pid }) => pid)]);
  await readers.call('record', true);
  const [before, from] = [await all(gateways, 'usage'), await readers.call('count')];
  await sleep(measuredMs);
  const [after, to] = [await all(gateways, 'usage'), await readers.call('count')];
  const { p50, p99 } = await readers.call('record', false);
  const used = others();
  await settle(writer, readers, size);
  const cpuUs = after.map((usage, i) => usage.cpuUs - before[i].cpuUs);
  const wallUs = after[0].wallUs - before[0].wallUs;
  const cpu = cpuUs.reduce((sum, us) => sum + us, 0) / (to - from);
  return {
    delivered: (to - from) / (wallUs / 1e6),
    cpu,
    most: Math.max(...cpuUs) / wallUs,
    could: (1e6 / cpu) * gateways.length,
    p50: p50 / 1000,
    p99: p99 / 1000,
    others: used,
  };
}

/** Calls the same of all. */
async function all(children, ...call) {
  return await Promise.all(children.map((child) => child.call(...call)));
}

/** Waits until everything that was made has been read by everybody: what is lost ends the benchmark. */
async function settle(writer, readers, size) {
  const made = (await writer.call('pause')) * size;
  for (let patience = 200; patience > 0; patience--) {
    if ((await readers.call('count')) === made) return;
    await sleep(50);
  }
  throw new Error(`${made} chunks were to be delivered, ${await readers.call('count')} were`);
}
