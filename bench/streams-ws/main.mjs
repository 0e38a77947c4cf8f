// 5 000 streams of 20 chunks a second over 10 WebSocket connections.
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';
import { run } from '../harness/run.mjs';
import { connections, perSecond, streams } from './load.mjs';

const at = (file) => new URL(file, import.meta.url);
const warmMs = 2000;
const measuredMs = 4000;

await run({
  title: `${streams} streams, ${perSecond} chunks of 200 bytes a second each, over ${connections} WebSocket connections`,
  loads: [{ name: `${streams}` }],
  limit: 'raw ws, multiplexed by hand',
  peers: [
    { name: 'raw ws, multiplexed by hand', server: at('raw-ws.server.mjs'), readers: at('raw-ws.readers.mjs') },
    { name: 'sluice', server: at('sluice-text.server.mjs'), readers: at('sluice.readers.mjs') },
    { name: 'sluice, JSON chunks', server: at('sluice-json.server.mjs'), readers: at('sluice.readers.mjs') },
  ],
  columns: [
    { key: 'core', head: 'server core' },
    { key: 'cpu', head: 'server CPU µs/chunk' },
    { key: 'delivered', head: 'chunks/s' },
    { key: 'p50', head: 'p50 µs' },
    { key: 'p99', head: 'p99 µs' },
    { key: 'rss', head: 'server RSS KiB/stream', ratio: false },
    { key: 'heap', head: 'heap KiB/stream', ratio: false },
    { key: 'readerCore', head: 'reader core', ratio: false },
  ],
  measure,
});

async function measure(peer) {
  const server = await launch(peer.server, { core: 0, flags: ['--expose-gc'] });
  let readers;
  try {
    readers = await launch(peer.readers, { core: 1 });
    const empty = await server.call('memory');
    await readers.call('connect', await server.call('listen'));
    const subscribed = await server.call('memory');
    const { before, after, latency, used } = await preferred([server, readers], () => watch(server, readers));
    await settle(server, readers);
    const seconds = (after.server.wallUs - before.server.wallUs) / 1e6;
    const cpuUs = after.server.cpuUs - before.server.cpuUs;
    return {
      core: cpuUs / 1e6 / seconds,
      cpu: cpuUs / (after.count - before.count),
      delivered: (after.count - before.count) / seconds,
      readerCore: (after.reader.cpuUs - before.reader.cpuUs) / 1e6 / seconds,
      ...latency,
      rss: (subscribed.rss - empty.rss) / 1024 / streams,
      heap: (subscribed.heap - empty.heap) / 1024 / streams,
      others: used,
    };
  } finally {
    await Promise.all([server.stop(), readers?.stop()]);
  }
}

async function watch(server, readers) {
  await server.call('start');
  await sleep(warmMs);
  const others = watchOthers([server.pid, readers.pid]);
  await readers.call('record', true);
  const before = await look(server, readers);
  await sleep(measuredMs);
  const after = await look(server, readers);
  return { before, after, latency: await readers.call('record', false), used: others() };
}

async function look(server, readers) {
  const count = await readers.call('count');
  return { count, server: await server.call('usage'), reader: await readers.call('usage') };
}

/** Waits until everything that was made has been read: what is lost ends the benchmark. */
async function settle(server, readers) {
  const made = await server.call('pause');
  for (let patience = 200; patience > 0; patience--) {
    if ((await readers.call('count')) === made) return;
    await sleep(50);
  }
  throw new Error(`${made} chunks were made, ${await readers.call('count')} delivered`);
}
