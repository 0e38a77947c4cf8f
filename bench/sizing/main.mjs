// What a server needs, for docs/deploy.md: memory for connections and streams, processor time for chunks kept and delivered, and
// what being observed costs. Processor time is counted, not time that passes: others may use the machine meanwhile.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from '../harness/build.mjs';

if (!process.argv.includes('--no-build')) build();
const { createChunk } = await import('../dist/src/chunk/index.js');
const { createMemoryLog } = await import('../dist/src/log/memory.js');
const { openLog, serve } = await import('../dist/src/node/index.js');

const folder = mkdtempSync(join(tmpdir(), 'sluice-sizing-'));
const text = 'x'.repeat(200);
const chunkOf = (streamId) => createChunk({ streamId, seq: 0, data: text });
const runs = 5;

try {
  for (const log of ['memory', `lmdb:${folder}`])
    for (const telemetry of [undefined, false]) await appends(log, telemetry);
  for (const telemetry of [undefined, false]) await deliveries(telemetry);
  await connections();
  await scrapes();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function start(log, telemetry) {
  const kept = log === 'memory' ? createMemoryLog({ maxChunks: 64, maxStreams: 50_000 }) : await openLog(log);
  return await serve({ port: 0, log: kept, ...(telemetry === undefined ? {} : { telemetry }) });
}

/** Appends of one chunk to each of 100 streams, whose writers wait for nothing but their own. */
async function appends(log, telemetry) {
  const server = await start(log, telemetry);
  const round = async (count) => {
    const writer = async (n) => {
      for (let i = 0; i < count; i++) await server.streams.publish(`append/${n}`, [chunkOf('any')]);
    };
    await Promise.all(Array.from({ length: 100 }, (_, n) => writer(n)));
  };
  await round(100);
  const figures = [];
  for (let run = 0; run < runs; run++) figures.push((await cpu(() => round(200))) / 20_000);
  tell(`append to ${log.split(':')[0]}, ${observed(telemetry)}`, median(figures), 'µs of processor a chunk');
  await server.close();
}

/** One stream to 500 WebSocket connections, a chunk at a time. */
async function deliveries(telemetry) {
  const server = await start('memory', telemetry);
  await server.streams.create('fan');
  const readers = await connect(server.port, 500, 'fan');
  const send = async (count) => {
    for (let i = 0; i < count; i++) {
      await server.streams.publish('fan', [chunkOf('fan')]);
      await sleep(2);
    }
    await sleep(300);
  };
  await send(100);
  const figures = [];
  for (let run = 0; run < runs; run++) figures.push((await cpu(() => send(200))) / (200 * 500));
  tell(`deliver to 500 readers, ${observed(telemetry)}`, median(figures), 'µs of processor a reader and chunk');
  readers.kill();
  await server.close();
}

/** Connections that read a stream each, and nothing comes. */
async function connections() {
  const server = await start('memory');
  const size = 5000;
  for (let n = 0; n < size; n++) await server.streams.create(`idle/${n}`);
  const empty = used();
  const readers = await connect(server.port, size, 'idle');
  tell(`${size} connections with a stream each`, (used() - empty) / 1024 / size, 'KiB a connection');
  const { text: shown, ms } = await scrape(server);
  tell(`/metrics with ${size} connections and streams`, ms, `ms of processor, ${shown.length} bytes`);
  readers.kill();
  await server.close();
}

/** What a look at everything costs, with many streams in the log. */
async function scrapes() {
  for (const log of ['memory', `lmdb:${join(folder, 'many')}`]) {
    const server = await start(log);
    const empty = used();
    const size = 20_000;
    for (let n = 0; n < size; n += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => server.streams.publish(`many/${n + i}`, [chunkOf('any')])),
      );
    }
    tell(`${size} streams of one chunk in ${log.split(':')[0]}`, (used() - empty) / 1024 / size, 'KiB a stream');
    const { ms } = await scrape(server);
    tell(`/metrics with ${size} streams in ${log.split(':')[0]}`, ms, 'ms of processor, once in 5 s at most');
    const again = await scrape(server, 0);
    tell('the same within 5 s', again.ms, 'ms of processor');
    await server.close();
  }
}

async function scrape(server, wait = 5100) {
  await fetch(`${server.url}/healthz`);
  await sleep(wait);
  let shown = '';
  const spent = await cpu(async () => {
    shown = await (await fetch(`${server.url}/metrics`)).text();
  });
  return { text: shown, ms: spent / 1000 };
}

/** Readers in a process of their own. */
async function connect(port, size, prefix) {
  const child = fork(new URL('readers.mjs', import.meta.url), [String(port), String(size), prefix]);
  await once(child, 'message');
  await sleep(1000);
  return child;
}

/** Microseconds of processor time that some work takes. */
async function cpu(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Bytes in use, on the heap and beside it. */
function used() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function observed(telemetry) {
  return telemetry === undefined ? 'observed' : 'not observed';
}

function tell(what, figure, unit) {
  console.log(`${what.padEnd(52)} ${figure.toFixed(2).padStart(9)} ${unit}`);
}
