import { setTimeout as sleep } from 'node:timers/promises';
import { launch, preferred } from '../harness/child.mjs';
import { watchOthers } from '../harness/noise.mjs';

const warmMs = 500;
const flatMs = 1500;
const pacedMs = 2500;

/** The loads: so many subscribers, chunks that may be on their way, chunks a second when paced. */
export const loads = [
  { size: 1, window: 1024, perSecond: 1000 },
  { size: 10, window: 256, perSecond: 1000 },
  { size: 100, window: 64, perSecond: 200 },
  { size: 1000, window: 64, perSecond: 20 },
].map((load) => ({ ...load, name: `${load.size}` }));

/** What is measured of a fan-out. */
export const columns = [
  { key: 'burst', head: 'flat out, 16 a turn: chunks/s' },
  { key: 'burstCpu', head: 'server CPU µs/chunk' },
  { key: 'single', head: 'flat out, 1 a turn: chunks/s' },
  { key: 'singleCpu', head: 'server CPU µs/chunk' },
  { key: 'p50', head: 'paced: p50 µs' },
  { key: 'p99', head: 'p99 µs' },
  { key: 'pacedCpu', head: 'server CPU µs/chunk' },
  { key: 'readerCpu', head: 'flat out: reader CPU µs/chunk', ratio: false },
];

/** Measures one peer with so many subscribers: flat out in bursts, flat out one by one, then paced. */
export async function measure({ server: serverModule, readers: readersModule }, { size, window, perSecond }) {
  const server = await launch(serverModule, { core: 0 });
  let readers;
  try {
    readers = await launch(readersModule, { core: 1 });
    const { port, progressPort } = await server.call('listen');
    await readers.call('connect', { port, progressPort, readers: size, reportEvery: Math.max(1, window / 16) });
    return await phases(server, readers, { size, window, perSecond });
  } finally {
    await Promise.all([server.stop(), readers?.stop()]);
  }
}

async function phases(server, readers, { size, window, perSecond }) {
  const others = watchOthers([server.pid, readers.pid]);
  const burst = await flat(server, readers, { window, perTurn: 16 });
  await settle(server, readers, size);
  const single = await flat(server, readers, { window, perTurn: 1 });
  await settle(server, readers, size);
  const paced = await preferred([server, readers], () => pace(server, readers, perSecond));
  const used = others();
  await settle(server, readers, size);
  return {
    burst: burst.perSecond,
    burstCpu: burst.cpu,
    readerCpu: burst.readerCpu,
    single: single.perSecond,
    singleCpu: single.cpu,
    p50: paced.p50,
    p99: paced.p99,
    pacedCpu: paced.cpu,
    others: used,
  };
}

async function flat(server, readers, load) {
  await server.call('flat', load);
  await sleep(warmMs);
  return await between(server, readers, flatMs);
}

async function pace(server, readers, perSecond) {
  await server.call('paced', perSecond);
  await sleep(warmMs);
  await readers.call('record', true);
  const figures = await between(server, readers, pacedMs);
  return { ...figures, ...(await readers.call('record', false)) };
}

/** What happens in so many milliseconds. */
async function between(server, readers, ms) {
  const look = async () => ({
    count: await readers.call('count'),
    reader: await readers.call('usage'),
    server: await server.call('usage'),
  });
  const before = await look();
  await sleep(ms);
  const after = await look();
  const count = after.count - before.count;
  return {
    perSecond: count / ((after.reader.wallUs - before.reader.wallUs) / 1e6),
    cpu: (after.server.cpuUs - before.server.cpuUs) / count,
    readerCpu: (after.reader.cpuUs - before.reader.cpuUs) / count,
  };
}

/** Waits until every reader has everything: what is lost ends the benchmark. */
async function settle(server, readers, size) {
  const made = await server.call('pause');
  const until = performance.now() + 20_000;
  for (;;) {
    const count = await readers.call('count');
    if (count === made * size) return;
    if (count > made * size || performance.now() > until) {
      throw new Error(`${made} chunks for ${size} readers were made, ${count} delivered`);
    }
    await sleep(20);
  }
}
