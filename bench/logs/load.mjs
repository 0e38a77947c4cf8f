import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChunk, encodeChunk } from '../dist/src/chunk/index.js';
import { quantile } from '../harness/statistics.mjs';

export const producers = 100;
const measuredMs = 4000;

/** The chunk that everybody writes. */
export const chunk = encodeChunk(createChunk({ streamId: 'bench', seq: 0, data: 'x'.repeat(200) }));

/** A folder that `remove` removes. */
export function temporary() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** CPU time of this process so far, in microseconds. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Runs every producer in a loop of `append`, and answers how often it was done and how long it took. */
export async function closedLoops(append, warmMs = 1000) {
  let running = true;
  let latencies;
  const loop = async (producer) => {
    for (let n = 0; running; n++) {
      const begun = performance.now();
      await append(producer, n);
      latencies?.push((performance.now() - begun) * 1000);
    }
  };
  const loops = Array.from({ length: producers }, (_, producer) => loop(producer));
  await sleep(warmMs);
  latencies = [];
  const before = { cpu: cpuUs(), at: performance.now() };
  await sleep(measuredMs);
  const done = latencies;
  const [seconds, cpu] = [(performance.now() - before.at) / 1000, cpuUs() - before.cpu];
  latencies = undefined;
  running = false;
  await Promise.all(loops);
  return {
    perSecond: done.length / seconds,
    cpu: cpu / done.length,
    p50: quantile(done, 0.5),
    p99: quantile(done, 0.99),
  };
}
