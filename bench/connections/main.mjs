// 100 and 10 000 WebSocket connections, each with a stream of its own at one chunk a second. The server has a core for itself; its
// readers, two processes, share the other. Ten thousand connections want `ulimit -n` above 10 100.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';

const at = (file) => new URL(file, import.meta.url);
const warmMs = 5000;
const measuredMs = 10_000;
const readersCount = 2;

await run({
  title: 'WebSocket connections, each with a stream of one chunk of 200 bytes a second',
  loads: [100, 10_000].map((size) => ({ name: `${size}`, size })),
  limit: 'raw ws',
  peers: [
    { name: 'raw ws', server: at('raw.server.mjs'), readers: at('raw.readers.mjs') },
    { name: 'sluice', server: at('sluice.server.mjs'), readers: at('sluice.readers.mjs') },
  ],
  columns: [
    { key: 'rss', head: 'RSS KiB/connection', ratio: false },
    { key: 'heap', head: 'heap KiB/connection', ratio: false },
    { key: 'delivered', head: 'chunks/s', ratio: false },
    { key: 'p50', head: 'p50 ms' },
    { key: 'p99', head: 'p99 ms' },
    { key: 'cpu', head: 'server CPU µs/chunk' },
    { key: 'connectMs', head: 'ms to connect all', ratio: false },
  ],
  measure,
});

async function measure(peer, { size }) {
  const server = await launch(peer.server, { core: 0, flags: ['--expose-gc'] });
  const readers = [];
  try {
    const port = await server.call('listen');
    if (peer.name !== 'raw ws') await server.call('prepare', size);
    for (let i = 0; i < readersCount; i++) readers.push(await launch(peer.readers, { core: 1 }));
    const empty = await server.call('memory');
    const begun = performance.now();
    const parts = readers.map((_, i) => partOf(size, i));
    await Promise.all(readers.map((reader, i) => reader.call('connect', port, parts[i])));
    const connectMs = performance.now() - begun;
    await sleep(1000);
    const full = await server.call('memory');
    const measured = await preferred([server, ...readers], () => watch(server, readers, size));
    return {
      ...measured,
      rss: (full.rss - empty.rss) / 1024 / size,
      heap: (full.heap - empty.heap) / 1024 / size,
      connectMs,
    };
  } finally {
    await Promise.all([server.stop(), ...readers.map((reader) => reader.stop())]);
  }
}

function partOf(size, i) {
  return Array.from({ length: size }, (_, stream) => stream).filter((stream) => stream % readersCount === i);
}

async function watch(server, readers, size) {
  await server.call('start', size);
  await sleep(warmMs);
  const others = watchOthers([server.pid, ...readers.map(({ pid }) => pid)]);
  await all(readers, 'record', true);
  const [before, count] = [await server.call('usage'), await total(readers)];
  await sleep(measuredMs);
  const [after, later] = [await server.call('usage'), await total(readers)];
  const latencies = await all(readers, 'record', false);
  const used = others();
  await settle(server, readers);
  return {
    delivered: (later - count) / ((after.wallUs - before.wallUs) / 1e6),
    // Of two processes, the worse.
    p50: Math.max(...latencies.map(({ p50 }) => p50)) / 1000,
    p99: Math.max(...latencies.map(({ p99 }) => p99)) / 1000,
    cpu: (after.cpuUs - before.cpuUs) / (later - count),
    others: used,
  };
}

/** Calls the same of all. */
async function all(children, ...call) {
  return await Promise.all(children.map((child) => child.call(...call)));
}

async function total(readers) {
  return (await all(readers, 'count')).reduce((sum, count) => sum + count, 0);
}

/** Waits until everything that was made has been read: what is lost ends the benchmark. */
async function settle(server, readers) {
  const made = await server.call('pause');
  for (let patience = 200; patience > 0; patience--) {
    if ((await total(readers)) === made) return;
    await sleep(50);
  }
  throw new Error(`${made} chunks were made, ${await total(readers)} delivered`);
}
